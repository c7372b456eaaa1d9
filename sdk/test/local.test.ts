// Local mode: tokens are judged by signature, claims and status list, without asking Latchkey about any of them.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { SignJWT, exportJWK, generateKeyPair } from 'jose'
import type { LatchkeyConfig } from '../../src/config/config.ts'
import { type Fetch, type Verifier, createVerifier } from '../src/index.ts'
import { type LocalOptions, LocalVerifier } from '../src/local/local.ts'
import { type Latchkey, listening } from './latchkey.ts'

const audience = 'https://orders.example.com'
const file: LatchkeyConfig = {
  apis: {
    orders: { audience, limits: [], upstream: { live: 'echo', test: 'echo' } },
    listed: { audience: `${audience}/listed`, limits: [], statusList: true },
    edwards: { audience: `${audience}/edwards`, limits: [], token: { algorithm: 'EdDSA' } },
    rsa: { audience: `${audience}/rsa`, limits: [], token: { algorithm: 'RS256' } },
    shared: { audience: `${audience}/shared`, limits: [], token: { algorithm: 'HS256', type: 'JWT' } },
  },
}

/** The audience of each API. */
const resourceOf = (api: string): string => (api === 'orders' ? audience : `${audience}/${api}`)

const forms = { jwt: 'urn:ietf:params:oauth:token-type:jwt', cwt: 'urn:latchkey:params:oauth:token-type:cwt' }

const issuing = ({ ask }: Latchkey) => ({
  client: async (
    client: { client_id: string; client_secret: string },
    api = 'orders',
    scope = 'read',
  ): Promise<string> => {
    const answer = await ask('POST', '/oauth/token', {
      form: {
        grant_type: 'client_credentials',
        client_id: client.client_id,
        client_secret: client.client_secret,
        resource: resourceOf(api),
        scope,
      },
    })
    assert.equal(answer.statusCode, 200, answer.body)
    return answer.json<{ access_token: string }>().access_token
  },
  exchanged: async (key: string, form: keyof typeof forms, api = 'orders'): Promise<string> => {
    const answer = await ask('POST', '/oauth/token', {
      form: {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: key,
        subject_token_type: 'urn:latchkey:params:oauth:token-type:api-key',
        requested_token_type: forms[form],
        resource: resourceOf(api),
        scope: 'read',
      },
    })
    assert.equal(answer.statusCode, 200, answer.body)
    return answer.json<{ access_token: string }>().access_token
  },
})

/** A verifier whose requests are told by their path. */
const local = ({ url, config }: Latchkey, options: Partial<LocalOptions> = {}) => {
  const fetched: string[] = []
  const noting: Fetch = (input, init) => {
    fetched.push(new URL(input).pathname.replace(/(lists\/).*/, '$1…'))
    return fetch(input, init)
  }
  const verifier = createVerifier({ mode: 'local', url, issuer: config.issuer, audience, fetch: noting, ...options })
  return { verifier, fetched }
}

const codeOf = async (
  verifier: Pick<Verifier, 'verify'>,
  ...asked: Parameters<Verifier['verify']>
): Promise<string> => {
  const verdict = await verifier.verify(...asked)
  return verdict.outcome === 'unavailable' ? `unavailable: ${verdict.reason}` : verdict.code
}

test('JWTs and CWTs are judged by keys that are fetched once', async (t) => {
  const latchkey = await listening(t, { file })
  const { acme } = latchkey
  const { client, exchanged } = issuing(latchkey)
  const { verifier, fetched } = local(latchkey)
  const registered = await acme.client()
  const token = await client(registered)
  assert.equal(verifier.verifyNow(token), undefined)
  const verdict = await verifier.verify(token, { scopes: ['read'] })
  assert.ok(verdict.outcome === 'valid')
  const { id, expiresAt, ...principal } = verdict.principal
  assert.match(id, /^[0-9a-f-]{36}$/)
  assert.ok(Date.parse(expiresAt ?? '') > Date.now())
  assert.deepEqual(principal, {
    kind: 'oauth_token',
    subject: registered.client_id,
    clientId: registered.client_id,
    organizationId: acme.organization,
    environment: 'live',
    scopes: ['read'],
  })
  const again = verifier.verifyNow(token, { organizationId: acme.organization })
  assert.ok(again?.outcome === 'valid' && again.source === 'signature')
  assert.equal(await codeOf(verifier, token, { scopes: ['write'] }), 'insufficient_scope')
  assert.equal(await codeOf(verifier, token, { organizationId: 'another' }), 'organization_forbidden')
  const key = await acme.key()
  for (const form of ['jwt', 'cwt'] as const) {
    const made = await verifier.verify(await exchanged(key.key, form), { scopes: ['read'] })
    assert.ok(made.outcome === 'valid', form)
    assert.deepEqual([made.principal.kind, made.principal.subject], [form, key.id])
    assert.deepEqual(made.principal.derivedFrom, { id: key.id })
    assert.equal(made.principal.organizationId, acme.organization)
  }
  assert.deepEqual(fetched, ['/.well-known/jwks.json', '/.well-known/cose-keys'])
  // the same tokens as Latchkey judges them
  for (const [api, algorithm] of [
    ['edwards', 'EdDSA'],
    ['rsa', 'RS256'],
  ] as const) {
    const other = local(latchkey, { audience: `${audience}/${api}`, algorithms: [algorithm] }).verifier
    assert.equal(await codeOf(other, await client(registered, api)), 'valid', api)
  }
})

test('what is not for this API, or is no token, is refused', async (t) => {
  const latchkey = await listening(t, { file })
  const { acme } = latchkey
  const { client, exchanged } = issuing(latchkey)
  const { verifier } = local(latchkey)
  const registered = await acme.client()
  const token = await client(registered)
  const sandbox = await acme.client({ environment: 'test' })
  const cwt = await exchanged((await acme.key()).key, 'cwt')
  const flipped = (text: string, at: number): string =>
    text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1)
  const [head = '', body = '', signature = ''] = token.split('.')
  const headOf = (members: object): string => Buffer.from(JSON.stringify(members)).toString('base64url')
  const { alg, typ, kid } = JSON.parse(Buffer.from(head, 'base64url').toString()) as Record<string, string>
  for (const [what, credential] of Object.entries({
    'a token of another API': await client(registered, 'listed'),
    'a token with another algorithm': await client(registered, 'rsa'),
    'a token with a secret of its API': await client(registered, 'shared'),
    'an API key': (await acme.key()).key,
    nonsense: 'nonsense',
    'a changed signature': `${head}.${body}.${flipped(signature, 10)}`,
    'changed claims': `${head}.${flipped(body, 30)}.${signature}`,
    'no signature': `${head}.${body}.`,
    'an unsigned one': `${headOf({ alg: 'none', typ, kid })}.${body}.`,
    'a header with a key of its own': `${headOf({ alg, typ, kid, jwk: {} })}.${body}.${signature}`,
    'a repeated member': `${Buffer.from(`{"alg":"ES256","alg":"ES256","typ":"at+jwt","kid":"${kid}"}`).toString('base64url')}.${body}.${signature}`,
    'padding that is not there': `${token}=`,
    'a fourth part': `${token}.x`,
    'a changed CWT': flipped(cwt, cwt.length - 5),
    'a cut CWT': cwt.slice(0, -8),
    'a CWT with more behind it': `${cwt}AAAA`,
  }))
    assert.equal(await codeOf(verifier, credential), 'invalid_api_key', what)
  assert.equal(await codeOf(verifier, await client(sandbox)), 'environment_mismatch')
  assert.equal(await codeOf(local(latchkey, { environments: ['test'] }).verifier, await client(sandbox)), 'valid')
  const another = local(latchkey, { issuer: 'https://another.example.com' })
  assert.equal(await codeOf(another.verifier, token), 'invalid_api_key', 'another issuer')
  assert.equal(await codeOf(local(latchkey, { cwt: false }).verifier, cwt), 'invalid_api_key')
})

test('a token ends with the key that signed it, however long it would last itself', async (t) => {
  const latchkey = await listening(t, { file })
  const { acme, config, url } = latchkey
  const token = await issuing(latchkey).client(await acme.client())
  let monotonic = 0
  let published = true
  const withdrawing: Fetch = (input, init) =>
    published ? fetch(input, init) : Promise.resolve(new Response('{"keys":[]}'))
  const options = { mode: 'local', url, issuer: config.issuer, audience, fetch: withdrawing } as const
  const verifier = new LocalVerifier(options, Date.now, () => monotonic)
  assert.equal(await codeOf(verifier, token), 'valid')
  published = false
  monotonic += 5 * 60_000 - 1
  assert.equal(verifier.now(token)?.code, 'valid')
  monotonic += 1
  assert.equal(verifier.now(token), undefined)
  // a key that is known works on while newer ones are on their way
  assert.equal(await codeOf(verifier, token), 'valid')
  monotonic += 5 * 60_000
  assert.equal(await codeOf(verifier, token), 'invalid_api_key')
  assert.equal(await codeOf(verifier, token), 'invalid_api_key')
})

test('times count, with some tolerance for clocks that differ', async (t) => {
  const latchkey = await listening(t, { file })
  const { url, config, acme } = latchkey
  const token = await issuing(latchkey).client(await acme.client())
  const at = (seconds: number) =>
    new LocalVerifier({ mode: 'local', url, issuer: config.issuer, audience }, () => Date.now() + seconds * 1000)
  assert.equal(await codeOf(at(0), token), 'valid')
  assert.equal(await codeOf(at(-4), token), 'valid')
  assert.equal(await codeOf(at(-60), token), 'invalid_api_key', 'it begins in the future')
  assert.equal(await codeOf(at(3590), token), 'valid')
  assert.equal(await codeOf(at(3610), token), 'expired_token')
  const verifier = at(0)
  await verifier.verify(token)
  assert.equal(verifier.now(token)?.code, 'valid')
})

test('a key that is new is fetched; one that nobody has is not fetched again and again', async (t) => {
  const latchkey = await listening(t, { file })
  const { acme, operate, config } = latchkey
  const registered = await acme.client()
  const { client } = issuing(latchkey)
  let monotonic = 0
  let fetches = 0
  const counting: Fetch = (input, init) => {
    fetches += 1
    return fetch(input, init)
  }
  const options = { mode: 'local', url: latchkey.url, issuer: config.issuer, audience, fetch: counting } as const
  const verifier = new LocalVerifier(options, Date.now, () => monotonic) as unknown as Verifier
  const before = await client(registered)
  assert.equal(await codeOf(verifier, before), 'valid')
  await operate('POST', '/signing-keys/rotate', {})
  const after = await client(registered)
  monotonic += 10_000
  assert.equal(await codeOf(verifier, after), 'valid')
  assert.equal(await codeOf(verifier, before), 'valid', 'the old key goes on verifying')
  assert.equal(fetches, 2)
  const { privateKey } = await generateKeyPair('ES256')
  const forged = (kid: string) =>
    new SignJWT({ client_id: 'x', jti: 'x' })
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid })
      .setIssuer(config.issuer)
      .setAudience(audience)
      .setSubject('x')
      .setIssuedAt()
      .setExpirationTime('1h')
      .sign(privateKey)
  for (let i = 0; i < 20; i++) {
    monotonic += 500
    assert.equal(await codeOf(verifier, await forged(`unknown-${i}`)), 'invalid_api_key')
  }
  assert.ok(fetches <= 5, `${fetches} fetches in ten seconds`)
})

test('revoked tokens are known by the status list; without a list that may be believed nobody is let in', async (t) => {
  let skew = 0
  const latchkey = await listening(t, { file, now: () => Date.now() + skew })
  const { acme, operate, config, url } = latchkey
  const { client, exchanged } = issuing(latchkey)
  const registered = await acme.client()
  const key = await acme.key()
  const tokens = [
    await client(registered, 'listed'),
    await exchanged(key.key, 'jwt', 'listed'),
    await exchanged(key.key, 'cwt', 'listed'),
  ]
  let reachable = true
  const cuttable: Fetch = (input, init) =>
    reachable ? fetch(input, init) : Promise.reject(new TypeError('fetch failed'))
  const options: LocalOptions = {
    mode: 'local',
    url,
    issuer: config.issuer,
    audience: `${audience}/listed`,
    fetch: cuttable,
  }
  const verifier = new LocalVerifier(options, () => Date.now() + skew)
  const codes = () => Promise.all(tokens.map((token) => codeOf(verifier, token)))
  assert.deepEqual(await codes(), ['valid', 'valid', 'valid'])
  await operate('DELETE', `/clients/${registered.client_id}`)
  await operate('DELETE', `/api-keys/${key.id}`)
  assert.deepEqual(await codes(), ['valid', 'valid', 'valid'], 'the list is kept for half a minute')
  skew += 31_000
  assert.equal(verifier.now(tokens[0] as string), undefined)
  assert.deepEqual(await codes(), ['invalid_api_key', 'invalid_api_key', 'invalid_api_key'])

  const fresh = await client(await acme.client(), 'listed')
  assert.equal(await codeOf(verifier, fresh), 'valid')
  reachable = false
  skew += 60_000
  assert.equal(await codeOf(verifier, fresh), 'valid', 'a list is good for five minutes')
  skew += 5 * 60_000
  assert.match(await codeOf(verifier, fresh), /^unavailable: The status list/)
})

test('what cannot be judged offline is another verifier’s', async (t) => {
  const latchkey = await listening(t, { file })
  const { acme, url, verifyKey } = latchkey
  const { client } = issuing(latchkey)
  const otherwise = createVerifier({ url, key: verifyKey.key, api: 'orders' })
  const { verifier } = local(latchkey, { otherwise })
  const { key, id } = await acme.key()
  const verdict = await verifier.verify(key)
  assert.ok(verdict.outcome === 'valid' && verdict.principal.id === id && verdict.source === 'server')
  assert.equal(await codeOf(verifier, await client(await acme.client())), 'valid')
  assert.equal(await codeOf(verifier, 'nonsense'), 'invalid_api_key')
  const shared = local(latchkey, {
    audience: `${audience}/shared`,
    otherwise: createVerifier({ url, key: verifyKey.key, api: 'shared' }),
  })
  assert.equal(await codeOf(shared.verifier, await client(await acme.client(), 'shared')), 'valid')
})

test('key sets and lists that are too large, slow or damaged are none', async (t: TestContext) => {
  const latchkey = await listening(t, { file })
  const token = await issuing(latchkey).client(await latchkey.acme.client())
  const { publicKey } = await generateKeyPair('ES256')
  const jwk = { ...(await exportJWK(publicKey)), kid: 'x' }
  const bodies: (() => Promise<Response>)[] = [
    async () => new Response('x'.repeat(300_000)),
    async () => new Response('{"keys":{}}'),
    async () => new Response('not json'),
    async () => new Response(JSON.stringify({ keys: Array.from({ length: 101 }, () => jwk) })),
    async () => new Response(null, { status: 302, headers: { location: 'https://elsewhere.example' } }),
    async () => Promise.reject(new TypeError('fetch failed')),
  ]
  for (const body of bodies) {
    const faults: Error[] = []
    const { verifier } = local(latchkey, { fetch: body, onFault: (fault) => faults.push(fault) })
    assert.match(await codeOf(verifier, token), /^unavailable: .*public keys/)
    assert.ok(faults.every(({ message }) => !message.includes(token)))
  }
  const slow: Fetch = (_input, { signal }) =>
    new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error)))
  assert.match(await codeOf(local(latchkey, { fetch: slow, timeoutMs: 50 }).verifier, token), /^unavailable/)
})
