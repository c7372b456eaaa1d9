// RFC 7009: what is given back is refused at once; nobody ends what is another's, and nobody learns whether it was there.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LatchkeyConfig } from '../../src/config/config.ts'
import { makeSecret } from '../../src/credentials/format.ts'
import { launch, stoppedClock, world } from '../harness.ts'
import { allowed } from './allowed.ts'

const file: LatchkeyConfig = {
  defaultApi: 'orders',
  apis: {
    orders: { hosts: ['orders.localhost'], upstream: 'echo', authorizationHosts: ['auth.orders.localhost'] },
    stock: { hosts: ['stock.localhost'], upstream: 'echo', token: { algorithm: 'HS256', type: 'JWT' } },
  },
}

const apiKeyType = 'urn:latchkey:params:oauth:token-type:api-key'

test('revocation', async (t) => {
  const clock = stoppedClock('2026-02-01T12:00:00Z')
  const launched = await launch(t, { file, now: clock })
  const { ask, operate, config } = launched
  const acme = await world(launched)
  const client = await acme.client()
  const stranger = await (await world(launched)).client()
  const spa = await acme.client({ public: true, redirect_uris: ['https://spa.example.com/cb'] })
  const otherSpa = await acme.client({ public: true, redirect_uris: ['https://other.example.com/cb'] })
  const proof = ({ client_id, client_secret }: { client_id: string; client_secret: string }) => ({
    client_id,
    client_secret,
  })
  const revoke = async (form: Record<string, string>, headers: Record<string, string> = {}, host = 'localhost') => {
    const answer = await ask('POST', '/oauth/revoke', { form, headers, host })
    return { status: answer.statusCode, body: answer.json<Record<string, string>>(), headers: answer.headers }
  }
  const revoked = async (...request: Parameters<typeof revoke>) => {
    const { status, body } = await revoke(...request)
    assert.deepEqual({ status, body }, { status: 200, body: {} })
  }
  const token = async (form: Record<string, string>) => {
    const answer = await ask('POST', '/oauth/token', { form })
    assert.equal(answer.statusCode, 200, answer.body)
    return answer.json<{ access_token: string }>().access_token
  }
  const own = (resource = config.apis.get('orders')?.audience as string) =>
    token({ grant_type: 'client_credentials', ...proof(client), resource })
  const exchanged = (key: string, requested_token_type: string) =>
    token({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: key,
      subject_token_type: apiKeyType,
      requested_token_type,
      audience: 'orders',
    })
  const jwtType = 'urn:ietf:params:oauth:token-type:jwt'
  const cwtType = 'urn:latchkey:params:oauth:token-type:cwt'
  const status = async (credential: string, host = 'orders.localhost') =>
    (await ask('GET', '/', { host, as: credential })).statusCode
  const audited = async (action: string) =>
    (
      await operate<{ data: { action: string; actor_kind: string; actor_id: string }[] }>('GET', '/audit?limit=100')
    ).data.filter((entry) => entry.action === action)

  const consent = (of: { client_id: string; client_secret?: string }) =>
    allowed(
      launched,
      {
        client: of,
        userId: acme.owner,
        organizationId: acme.organization,
        api: 'orders',
        scope: 'read offline_access',
      },
      clock(),
    )
  const refresh = async (of: Record<string, string>, refresh_token = '') => {
    const answer = await ask('POST', '/oauth/token', { form: { grant_type: 'refresh_token', refresh_token, ...of } })
    return answer.json<{ refresh_token?: string; error?: string }>()
  }

  await t.test('§2.1 an access token is refused at its next request, alone of all that the client has', async () => {
    const [first, second] = [await own(), await own()]
    assert.equal(await status(first), 200)
    await revoked({ token: first, token_type_hint: 'access_token', ...proof(client) })
    assert.equal(await status(first), 401)
    assert.equal(await status(second), 200)
    const entries = await audited('access_token.revoked')
    assert.equal(entries.length, 1)
    assert.deepEqual([entries[0]?.actor_kind, entries[0]?.actor_id], ['client', client.client_id])
    await revoked({ token: first, ...proof(client) })
    assert.equal((await audited('access_token.revoked')).length, 1, 'what changes nothing is no change')
  })

  await t.test('§2.1 so is one that a secret of its API signs, by Basic, on a host that is an alias', async () => {
    const access = await own(config.apis.get('stock')?.audience)
    const authorization = `Basic ${Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64')}`
    assert.equal(await status(access, 'stock.localhost'), 200)
    await revoked({ token: access }, { authorization }, 'auth.orders.localhost')
    assert.equal(await status(access, 'stock.localhost'), 401)
  })

  await t.test(
    '§2.1 a refresh token ends its grant with all its tokens, used up ones too, whatever the hint says',
    async () => {
      const of = { client_id: spa.client_id }
      for (const presented of ['first', 'latest']) {
        const { access_token, refresh_token: first = '' } = await consent(of)
        const { refresh_token: latest = '' } = await refresh(of, first)
        assert.equal(await status(access_token), 200)
        await revoked({ token: presented === 'first' ? first : latest, token_type_hint: 'access_token', ...of })
        assert.equal(await status(access_token), 401)
        assert.equal((await refresh(of, latest)).error, 'invalid_grant')
      }
      assert.equal((await audited('grant.revoked')).length, 2)
    },
  )

  await t.test(
    '§2.1 an access token that a person allowed ends alone; its client goes on with the refresh token',
    async () => {
      const of = { client_id: spa.client_id }
      const { access_token, refresh_token } = await consent(of)
      await revoked({ token: access_token, ...of })
      assert.equal(await status(access_token), 401)
      assert.ok((await refresh(of, refresh_token)).refresh_token)
    },
  )

  await t.test('what was exchanged for a key ends by itself, for whoever holds it; the key goes on', async () => {
    const { key } = await acme.key()
    for (const type of [jwtType, cwtType]) {
      const access = await exchanged(key, type)
      assert.equal(await status(access), 200)
      await revoked({ token: access })
      assert.equal(await status(access), 401)
    }
    assert.equal(await status(key), 200)
  })

  await t.test('an API key and a personal access token too, with all that was made from them', async () => {
    const { id, key } = await acme.key()
    const access = await exchanged(key, cwtType)
    assert.equal(await status(access), 200)
    await revoked({ token: key })
    assert.equal(await status(key), 401)
    assert.equal(await status(access), 401)
    const [entry] = await audited('api_key.revoked')
    assert.deepEqual([entry?.actor_kind, entry?.actor_id], ['api_key', id], 'it ended itself')

    const { token: personal } = await acme.token()
    await revoked({ token: personal, ...proof(stranger) })
    assert.equal(await status(personal), 401)
    assert.equal((await audited('personal_access_token.revoked')).length, 1)
  })

  await t.test('§2.1 what is another client’s is left alone, and looks like what does not exist', async () => {
    const access = await own()
    const { access_token, refresh_token = '' } = await consent(spa)
    for (const presented of [access, access_token, refresh_token]) {
      await revoked({ token: presented, ...proof(stranger) })
      await revoked({ token: presented, client_id: otherSpa.client_id })
    }
    assert.equal(await status(access), 200)
    assert.equal(await status(access_token), 200)
    assert.ok((await refresh({ client_id: spa.client_id }, refresh_token)).refresh_token)
  })

  await t.test(
    '§2.2 what is unknown, malformed, forged, foreign or over is answered like everything else',
    async () => {
      const access = await own()
      const [header, claims, signature] = access.split('.') as [string, string, string]
      const other = Buffer.from(
        JSON.stringify({ ...(JSON.parse(Buffer.from(claims, 'base64url').toString()) as object), exp: 9e9 }),
      ).toString('base64url')
      const before = (await audited('access_token.revoked')).length
      for (const presented of [
        'x',
        'rt_unknown',
        makeSecret('ac_'),
        `sk_${'0'.repeat(64)}`,
        'eyJ.eyJ.',
        'eyJh.bnVsbA.x',
        'eyJh.W10.x',
        '0oRDoQEmoFjx',
        `${header}.${other}.${signature}`,
        `${header}.${claims}.`,
        'eyJ'.padEnd(9000, 'x'),
      ])
        await revoked({ token: presented, ...proof(client) })
      assert.equal(await status(access), 200)
      clock.advance(3_600_000)
      await revoked({ token: access, ...proof(client) })
      assert.equal((await audited('access_token.revoked')).length, before)
    },
  )

  await t.test('RFC 6749 §2.3 a client proves itself; a forged token that needs none gets nobody further', async () => {
    const access = await own()
    const anonymous = [access, 'x', 'rt_unknown', makeSecret('ac_')]
    for (const presented of anonymous) {
      const { status: answered, body } = await revoke({ token: presented })
      assert.equal(answered, 401)
      assert.equal(body.error, 'invalid_client')
    }
    const unproven: Record<string, string>[] = [
      { client_id: client.client_id, client_secret: 'cs_wrong' },
      { client_id: client.client_id },
      { client_id: 'nobody' },
    ]
    for (const wrong of unproven) assert.equal((await revoke({ token: access, ...wrong })).status, 401)
    const { key } = await acme.key()
    assert.equal((await revoke({ token: key, client_id: client.client_id, client_secret: 'cs_wrong' })).status, 401)
    assert.equal(await status(key), 200, 'who sends a wrong proof is refused before anything is done')
    assert.equal(await status(access), 200)
    const bearer = await revoke({ token: access }, { authorization: `Bearer ${access}` })
    assert.equal(bearer.status, 401)
    assert.match(String(bearer.headers['www-authenticate']), /^Basic /)
  })

  await t.test('the form: POST alone, the token once, nothing in the query, no cookie of a browser', async () => {
    const form = { headers: { 'content-type': 'application/x-www-form-urlencoded' } }
    const body = `client_id=${client.client_id}&client_secret=${client.client_secret}`
    for (const wrong of [`${body}&token=a&token=b`, `${body}&token=a&token_type_hint=x&token_type_hint=x`, body]) {
      const answer = await ask('POST', '/oauth/revoke', { ...form, body: wrong })
      assert.equal(answer.statusCode, 400)
      assert.equal(answer.json<{ error: string }>().error, 'invalid_request')
    }
    const query = await ask('POST', `/oauth/revoke?${body}&token=a`, { ...form, body: 'a=b' })
    assert.equal(query.statusCode, 400)
    assert.equal((await ask('POST', '/oauth/revoke', { body: { token: 'a' } })).statusCode, 400)
    for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS']) {
      const answer = await ask(method, '/oauth/revoke?token=a', { headers: { origin: 'https://spa.example.com' } })
      assert.equal(answer.statusCode, 405, method)
      assert.equal(answer.headers.allow, 'POST')
    }
    const { headers } = await revoke({ token: 'x', ...proof(client) }, { origin: 'https://spa.example.com' })
    assert.equal(headers['cache-control'], 'no-store')
    assert.equal(headers['access-control-allow-origin'], '*', '§2.3: from pages of any origin')
    assert.equal(headers['access-control-allow-credentials'], undefined, 'without their cookies')
  })
})
