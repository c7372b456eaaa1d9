// RFC 6749 §2.3, §5.2, RFC 7617: client authentication, the same for every OAuth endpoint, and what it tells to whom it refuses.
import assert from 'node:assert/strict'
import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { test } from 'node:test'
import { authenticateClient } from '../../src/clients/authenticate.ts'
import { KeySets } from '../../src/clients/key-sets.ts'
import { SafeFetch } from '../../src/clients/safe-fetch.ts'
import { launch, stoppedClock, world } from '../harness.ts'

const failure = '{"error":"invalid_client","error_description":"Client authentication failed"}'
const basic = (id: string, secret: string): string => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`
/** As an eager client encodes: every character. */
const percentEncoded = (text: string): string => Buffer.from(text).toString('hex').replaceAll(/../g, '%$&')
const unknown = '0197a000-0000-7000-8000-000000000001'

test('client authentication', async (t) => {
  const clock = stoppedClock('2026-02-01T12:00:00Z')
  const launched = await launch(t, { now: clock })
  const acme = await world(launched)
  const { app, config } = launched
  const keySets = new KeySets(new SafeFetch(config.issuer, clock), clock)
  const deps = { ...app, documents: undefined, keySets, now: clock }
  const { client_id, client_secret } = await acme.client({ apis: ['smoo'] })
  const ask = (form: Record<string, string>, authorization?: string) =>
    launched.ask('POST', '/oauth/token', {
      form: { grant_type: 'client_credentials', ...form },
      ...(authorization !== undefined && { headers: { authorization } }),
    })
  const assertFailed = (answer: Awaited<ReturnType<typeof ask>>, challenged: boolean) => {
    assert.equal(answer.statusCode, 401)
    assert.equal(answer.body, failure)
    assert.equal(answer.headers['cache-control'], 'no-store')
    if (challenged) assert.match(String(answer.headers['www-authenticate']), /^Basic realm="/)
    else assert.equal(answer.headers['www-authenticate'], undefined)
  }

  await t.test('client_secret_basic and client_secret_post', async () => {
    assert.equal((await ask({ client_id, client_secret })).statusCode, 200)
    assert.equal((await ask({}, basic(client_id, client_secret))).statusCode, 200)
    assert.equal(
      (await ask({}, basic(client_id, client_secret).replace('Basic', 'bASIC'))).statusCode,
      200,
      'the scheme has no case (RFC 9110 §11.1)',
    )
    assert.equal(
      (await ask({}, basic(percentEncoded(client_id), percentEncoded(client_secret)))).statusCode,
      200,
      'both parts are form-encoded (RFC 6749 §2.3.1)',
    )
    assert.equal(
      (await ask({ client_id }, basic(client_id, client_secret))).statusCode,
      200,
      'the same client_id in the body says nothing new',
    )
  })

  await t.test('everything that fails looks alike', async () => {
    const { client_id: publicId } = await acme.client({ public: true, redirect_uris: ['https://app.example.com/cb'] })
    const attempts: Record<string, string>[] = [
      { client_id: unknown, client_secret },
      { client_id, client_secret: 'cs_wrong' },
      { client_id, client_secret: `${client_secret} ` },
      { client_id: client_id.toUpperCase(), client_secret },
      { client_id: 'x'.repeat(5000), client_secret },
      { client_id, client_secret: 'x'.repeat(5000) },
      { client_id },
      { client_id: unknown },
      { client_secret },
      { client_id: publicId, client_secret },
      {},
    ]
    const answers = await Promise.all(attempts.map((attempt) => ask(attempt)))
    for (const answer of answers) assertFailed(answer, false)
    const withoutId = ({ headers }: (typeof answers)[number]) => ({
      ...headers,
      'x-request-id': undefined,
      date: undefined,
    })
    for (const answer of answers) assert.deepEqual(withoutId(answer), withoutId(answers[0] as (typeof answers)[number]))
  })

  await t.test('with the Authorization header the answer names the scheme', async () => {
    for (const header of [
      basic(unknown, client_secret),
      basic(client_id, 'wrong'),
      basic(client_id, ''),
      basic('', client_secret),
      'Basic',
      'Basic ',
      `Basic ${Buffer.from('no colon').toString('base64')}`,
      `Basic ${Buffer.from(`${client_id}:%zz`).toString('base64')}`,
      `Basic ${Buffer.from(`${client_id}:%00`).toString('base64')}`,
      `Basic ${Buffer.from([0xff, 0x3a, 0xff]).toString('base64')}`,
      `${basic(client_id, client_secret)}!`,
      `${basic(client_id, client_secret)} ${basic(client_id, client_secret)}`,
      `Bearer ${client_secret}`,
      client_secret,
    ]) {
      assertFailed(await ask({}, header), true)
    }
  })

  await t.test('base64 in any but its one spelling is refused', async () => {
    const header = basic(client_id, client_secret)
    assert.match(header, /[^=]=$/)
    const lastBit = (text: string): string =>
      text.replace(/(.)=$/, (_, last: string) => `${String.fromCharCode(last.charCodeAt(0) + 1)}=`)
    for (const spoiled of [
      header.replace('=', ''),
      `${header}=`,
      lastBit(header),
      header.replace('Basic ', 'Basic \t'),
      `${header.slice(0, 20)} ${header.slice(20)}`,
      `${header.slice(0, 20)}-${header.slice(20)}`,
    ]) {
      assertFailed(await ask({}, spoiled), true)
    }
  })

  await t.test('more than one method, or two clients, is invalid_request', async () => {
    const other = await acme.client({ apis: ['smoo'] })
    for (const answer of [
      await ask({ client_id, client_secret }, basic(client_id, client_secret)),
      await ask({ client_secret }, basic(client_id, client_secret)),
      await ask({ client_id: other.client_id }, basic(client_id, client_secret)),
    ]) {
      assert.equal(answer.statusCode, 400)
      assert.equal(answer.json<{ error: string }>().error, 'invalid_request')
    }
    const twice = {
      authorizationHeaders: [basic(client_id, client_secret), basic(client_id, client_secret)],
      parameters: new Map<string, string>(),
    }
    assert.equal((await authenticateClient(deps, twice)).outcome, 'ambiguous')
  })

  await t.test('an unknown client costs as much as a wrong secret', async () => {
    const work = async (id: string): Promise<Record<string, number>> => {
      const calls: Record<string, number> = { hash: 0, timingSafeEqual: 0 }
      const originals = { hash: crypto.hash, timingSafeEqual: crypto.timingSafeEqual }
      for (const name of ['hash', 'timingSafeEqual'] as const) {
        Object.assign(crypto, {
          [name]: (...args: unknown[]) => {
            calls[name] = (calls[name] ?? 0) + 1
            return (originals[name] as (...given: unknown[]) => unknown)(...args)
          },
        })
      }
      syncBuiltinESMExports()
      try {
        const request = {
          authorizationHeaders: [],
          parameters: new Map([
            ['client_id', id],
            ['client_secret', 'cs_wrong'],
          ]),
        }
        assert.equal((await authenticateClient(deps, request)).outcome, 'failed')
      } finally {
        Object.assign(crypto, originals)
        syncBuiltinESMExports()
      }
      return calls
    }
    const wrong = await work(client_id)
    assert.deepEqual(wrong, { hash: 1, timingSafeEqual: 2 })
    assert.deepEqual(await work(unknown), wrong)
    await launched.operate('POST', `/clients/${client_id}/rotate`)
    assert.deepEqual(await work(client_id), wrong, 'with two secrets too')
  })

  await t.test('a client of a suspended organization fails like any other, and its tokens with it', async () => {
    const other = await world(launched)
    const made = await other.client({ apis: ['smoo'] })
    const form = { client_id: made.client_id, client_secret: made.client_secret }
    const token = (await ask(form)).json<{ access_token: string }>().access_token
    const call = () => launched.ask('GET', '/organizations', { host: 'api.smoo.localhost', as: token })
    assert.equal((await call()).statusCode, 200)
    await launched.operate('PATCH', `/organizations/${other.organization}`, { suspended: true })
    assertFailed(await ask(form), false)
    assert.equal((await call()).statusCode, 401)
    await launched.operate('PATCH', `/organizations/${other.organization}`, { suspended: false })
    assert.equal((await ask(form)).statusCode, 200)
  })

  await t.test('a public client cannot ask for itself', async () => {
    const { client_id: publicId } = await acme.client({ public: true, redirect_uris: ['https://app.example.com/cb'] })
    const answer = await ask({ client_id: publicId })
    assert.equal(answer.statusCode, 400)
    assert.equal(answer.json<{ error: string }>().error, 'unauthorized_client')
  })

  await t.test('no secret is kept, only its hash', async () => {
    const rows = await launched.app.store.db.selectFrom('client_secrets').selectAll().execute()
    assert.ok(rows.length > 0)
    assert.equal(JSON.stringify(rows).includes(client_secret), false)
    assert.equal(
      JSON.stringify(await launched.app.store.db.selectFrom('audit').selectAll().execute()).includes(client_secret),
      false,
    )
  })
})
