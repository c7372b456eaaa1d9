// Cached mode: answers from memory, never older than they may be, and dropped as soon as what they stand on has changed.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type Fetch, type Verifier, createVerifier } from '../src/index.ts'
import type { LatchkeyConfig } from '../../src/config/config.ts'
import { endings } from '../../test/contract/endings.ts'
import { world } from '../../test/harness.ts'
import { type Latchkey, listening, until } from './latchkey.ts'

const file: LatchkeyConfig = {
  apis: {
    books: {
      accepts: ['api_key', 'personal_access_token', 'legacy_token', 'oauth_token', 'jwt', 'cwt'],
      legacyTokens: { deprecatedAt: '2026-01-01', sunsetAt: '2027-01-01', link: 'https://docs.example.com' },
      limits: [],
    },
  },
}

/** A verifier whose requests are counted, by path; it hears of revocations. */
const counted = async (
  t: TestContext,
  { url, verifyKey, acme }: Latchkey,
  options: { maxAgeSeconds?: number; stream?: boolean; maxAgeWithoutStreamSeconds?: number } = {},
): Promise<{ verifier: Verifier; asked: () => number; hears: () => Promise<void> }> => {
  let asked = 0
  const counting: Fetch = (input, init) => {
    if (input.endsWith('/verify')) asked += 1
    return fetch(input, init)
  }
  const verifier = createVerifier({
    url,
    key: verifyKey.key,
    mode: 'cached',
    maxAgeSeconds: 300,
    maxAgeWithoutStreamSeconds: 0,
    fetch: counting,
    ...options,
  })
  t.after(() => verifier.close())
  const { key } = await acme.key()
  return {
    verifier,
    asked: () => asked,
    // without it nothing is kept
    hears: async () => {
      await until(async () => {
        await verifier.verify(key)
        return verifier.verifyNow(key)
      })
      asked = 0
    },
  }
}

test('an answer is asked for once, and then given at once, to whoever asks the same', async (t) => {
  const latchkey = await listening(t, { file })
  const { verifier, asked, hears } = await counted(t, latchkey)
  const { id, key } = await latchkey.acme.key({ scopes: 'read' })
  await hears()
  assert.equal(verifier.verifyNow(key), undefined)
  const burst = await Promise.all(Array.from({ length: 50 }, () => verifier.verify(key, { scopes: ['read'] })))
  assert.equal(asked(), 1, 'fifty at once ask once')
  assert.ok(burst.every((verdict) => verdict.outcome === 'valid' && verdict.principal.id === id))
  const kept = verifier.verifyNow(key)
  assert.ok(kept?.outcome === 'valid' && kept.source === 'kept')
  const narrow = verifier.verifyNow(key, { scopes: ['read', 'write'] })
  assert.ok(narrow?.outcome === 'denied' && narrow.code === 'insufficient_scope')
  assert.deepEqual(narrow.missing, ['write'])
  assert.equal(verifier.verifyNow(key, { organizationId: latchkey.acme.organization }), undefined, 'another question')
  assert.equal(verifier.verifyNow(key, { ip: '192.0.2.1' }), undefined, 'another question')
  assert.equal(asked(), 1)
  assert.equal((await verifier.verify(key, { dryRun: true })).outcome, 'valid')
  assert.equal(asked(), 2, 'a dry run is about now')
  for (let i = 0; i < 5; i++) assert.equal((await verifier.verify('nonsense')).code, 'invalid_api_key')
  assert.equal(asked(), 3, 'that nobody has it is kept too')
  // a refusal for want of a scope is none for a request that does not need it
  const { key: reader } = await latchkey.acme.key({ scopes: 'read' })
  assert.equal((await verifier.verify(reader, { scopes: ['write'] })).code, 'insufficient_scope')
  assert.equal((await verifier.verify(reader, { scopes: ['read'] })).code, 'valid')
  // a key that is held to a network: each address is a question of its own
  const { key: held } = await latchkey.acme.key({ networks: ['192.0.2.0/24'] })
  assert.equal((await verifier.verify(held, { ip: '192.0.2.7' })).code, 'valid')
  assert.equal((await verifier.verify(held, { ip: '198.51.100.7' })).code, 'forbidden')
  assert.equal((await verifier.verify(held)).code, 'forbidden', 'from nobody knows where')
  assert.equal(verifier.verifyNow(held, { ip: '192.0.2.7' })?.code, 'valid')
  verifier.close()
  assert.equal(verifier.verifyNow(key), undefined)
})

test('whatever ends or narrows access is heard of, for the credential and for what was made from it', async (t) => {
  const here = await listening(t, { file })
  const there = await listening(t, { file, folder: here.folder })
  const { verifier, hears } = await counted(t, there)
  await hears()
  const { operate, ask } = here
  const exchanged = async (subject_token: string, kind: string, form: string): Promise<string> => {
    const answer = await ask('POST', '/oauth/token', {
      form: {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token,
        subject_token_type: `urn:latchkey:params:oauth:token-type:${kind}`,
        requested_token_type: form,
        audience: 'books',
      },
    })
    assert.equal(answer.statusCode, 200, answer.body)
    return answer.json<{ access_token: string }>().access_token
  }
  const forms = ['urn:ietf:params:oauth:token-type:jwt', 'urn:latchkey:params:oauth:token-type:cwt']
  for (const [round, { what, end, gone, method = 'GET' }] of endings.entries()) {
    const acme = await world(here)
    const { id: member } = await operate<{ id: string }>('POST', '/users', {
      email: `m${round}@example.com`,
      name: 'M',
    })
    await operate('POST', `/organizations/${acme.organization}/members`, { user_id: member, role: 'member' })
    const key = await acme.key()
    const token = await operate<{ id: string; token: string }>('POST', `/users/${member}/tokens`, {
      name: 'T',
      all_organizations: true,
    })
    const legacy = `an-opaque-value-number-${round}`
    await operate('POST', '/legacy-tokens/import', {
      lines: [{ line: 2, name: legacy, owner: member, organization: acme.organization, token: legacy }],
    })
    const { data } = await operate<{ data: { id: string; name: string }[] }>('GET', '/legacy-tokens')
    const client = await acme.client()
    const issued = await ask('POST', '/oauth/token', {
      form: { grant_type: 'client_credentials', audience: 'books', scope: 'read write', ...credentialsOf(client) },
    })
    const credentials = {
      key: [key.key, ...(await Promise.all(forms.map((form) => exchanged(key.key, 'api-key', form))))],
      token: [
        token.token,
        ...(await Promise.all(forms.map((form) => exchanged(token.token, 'personal-access-token', form)))),
      ],
      legacy: [legacy],
      client: [issued.json<{ access_token: string }>().access_token],
    }
    const options = method === 'POST' ? { scopes: ['write'] } : {}
    for (const one of Object.values(credentials).flat()) {
      // what made it is heard of too, and then the answer that was on its way is not kept
      await until(async () => {
        assert.equal((await verifier.verify(one, options)).outcome, 'valid', what)
        return verifier.verifyNow(one, options) !== undefined
      })
    }
    const ids = {
      key: key.id,
      token: token.id,
      client: client.client_id,
      legacy: data.find(({ name }) => name === legacy)?.id ?? '',
    }
    await end({ here, acme, member, legacy, ids })
    for (const kind of Object.keys(gone) as (keyof typeof credentials)[])
      for (const one of credentials[kind])
        await until(async () => (await verifier.verify(one, options)).outcome === 'denied')
    for (const kind of Object.keys(credentials) as (keyof typeof credentials)[])
      for (const one of gone[kind] === undefined ? credentials[kind] : [])
        assert.equal((await verifier.verify(one, options)).outcome, 'valid', `${what}: ${kind} stays`)
  }
})

const credentialsOf = ({ client_id, client_secret }: { client_id: string; client_secret: string }) => ({
  client_id,
  client_secret,
})

test('while nothing is heard, answers are kept for the shorter time, or not at all', async (t) => {
  const latchkey = await listening(t, { file })
  const deaf = await counted(t, latchkey, { stream: false })
  const { key } = await latchkey.acme.key()
  for (let i = 0; i < 3; i++) assert.equal((await deaf.verifier.verify(key)).outcome, 'valid')
  assert.equal(deaf.asked(), 3)
  const brief = await counted(t, latchkey, { stream: false, maxAgeWithoutStreamSeconds: 300 })
  for (let i = 0; i < 3; i++) assert.equal((await brief.verifier.verify(key)).outcome, 'valid')
  assert.equal(brief.asked(), 1)

  const { verifier, hears } = await counted(t, latchkey)
  await hears()
  await verifier.verify(key)
  assert.ok(verifier.verifyNow(key))
  // the server stops: from then on nobody is believed
  await latchkey.app.close()
  await until(() => verifier.verifyNow(key) === undefined)
  assert.equal((await verifier.verify(key)).outcome, 'unavailable')
})

test('a verifier whose key is revoked keeps nothing any more', async (t) => {
  const latchkey = await listening(t, { file })
  const { verifier, hears } = await counted(t, latchkey)
  await hears()
  const { key } = await latchkey.acme.key()
  await verifier.verify(key)
  assert.ok(verifier.verifyNow(key))
  await latchkey.operate('DELETE', `/api-keys/${latchkey.verifyKey.id}`)
  await until(() => verifier.verifyNow(key) === undefined)
  assert.equal((await verifier.verify(key)).outcome, 'unavailable')
})
