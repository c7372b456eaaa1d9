// RFC 7592: a client reads, replaces and withdraws its registration, by the token that it was given, which is new after each change.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keyPair } from '../clients/client-key.ts'
import { launch, seeds, world } from '../harness.ts'
import { token } from './flow.ts'

interface Registered extends Record<string, unknown> {
  client_id: string
  client_secret?: string
  registration_access_token: string
  registration_client_uri: string
}

const redirect_uris = ['https://app.example.com/callback']

test('the registration of a client, in its own hands', async (t) => {
  const launched = await launch(t, { file: { ...seeds, oauth: { registration: 'open' } } })
  const { ask, operate, config } = launched
  const acme = await world(launched)
  const register = async (body: object = {}, as?: string): Promise<Registered> => {
    const answer = await ask('POST', '/oauth/register', {
      body: { client_name: 'App', redirect_uris, ...body },
      ...(as && { as }),
    })
    assert.equal(answer.statusCode, 201, answer.body)
    return answer.json<Registered>()
  }
  const at = (method: 'GET' | 'PUT' | 'DELETE', uri: string, as?: string, body?: object) => {
    assert.ok(uri.startsWith(config.issuer))
    return ask(method, uri.slice(config.issuer.length), { ...(as && { as }), ...(body && { body }) })
  }

  await t.test('§2.1: read', async () => {
    const { client_secret, client_secret_expires_at, ...made } = await register()
    const answer = await at('GET', made.registration_client_uri, made.registration_access_token)
    assert.equal(answer.statusCode, 200)
    assert.equal(answer.headers['cache-control'], 'no-store')
    assert.deepEqual(answer.json(), made)
    assert.equal(answer.body.includes(client_secret ?? ''), false)
    assert.equal(client_secret_expires_at, 0)
  })

  await t.test('with another token, no token, or another client: 401, alike', async () => {
    const [one, two] = [await register(), await register()]
    const managed = await acme.client()
    const elsewhere = (id: string) => `${config.issuer}/oauth/register/${id}`
    const tries: [string, string | undefined][] = [
      [one.registration_client_uri, undefined],
      [one.registration_client_uri, two.registration_access_token],
      [one.registration_client_uri, `${one.registration_access_token}x`],
      [one.registration_client_uri, one.client_secret],
      [elsewhere('0197a000-0000-7000-8000-000000000001'), one.registration_access_token],
      [elsewhere(managed.client_id), one.registration_access_token],
      [elsewhere('latchkey-cli'), one.registration_access_token],
      [elsewhere('x'.repeat(90)), one.registration_access_token],
    ]
    const body = { client_id: one.client_id, redirect_uris: ['https://evil.example/'] }
    for (const method of ['GET', 'PUT', 'DELETE'] as const) {
      for (const [uri, as] of tries) {
        const answer = await at(method, uri, as, method === 'PUT' ? body : undefined)
        assert.equal(answer.statusCode, 401, `${method} ${uri}`)
        assert.equal(answer.json<{ error: string }>().error, 'invalid_token')
        assert.match(String(answer.headers['www-authenticate']), /^Bearer .*error="invalid_token"/)
      }
    }
    assert.equal((await at('GET', one.registration_client_uri, one.registration_access_token)).statusCode, 200)
  })

  await t.test('§2.2: replaced whole, and with a new token', async () => {
    const made = await register({ client_uri: 'https://app.example.com/', scope: 'read' })
    const answer = await at('PUT', made.registration_client_uri, made.registration_access_token, {
      client_id: made.client_id,
      client_secret: made.client_secret,
      client_name: 'Renamed',
      redirect_uris: ['https://app.example.com/new'],
    })
    assert.equal(answer.statusCode, 200, answer.body)
    const replaced = answer.json<Registered>()
    assert.deepEqual(
      [replaced.client_name, replaced.redirect_uris, replaced.client_uri, replaced.scope],
      ['Renamed', ['https://app.example.com/new'], undefined, undefined],
    )
    assert.notEqual(replaced.registration_access_token, made.registration_access_token)
    assert.equal((await at('GET', made.registration_client_uri, made.registration_access_token)).statusCode, 401)
    assert.deepEqual(
      (await at('GET', made.registration_client_uri, replaced.registration_access_token)).json(),
      replaced,
    )
    const { data } = await operate<{ data: { action: string; actor_kind: string }[] }>(
      'GET',
      `/audit?target_id=${made.client_id}`,
    )
    assert.deepEqual(
      data.map(({ action }) => action),
      ['client.updated', 'client.registered'],
    )
  })

  await t.test('one token replaces once, however many try at the same time', async () => {
    const made = await register()
    const body = { client_id: made.client_id, redirect_uris }
    const answers = await Promise.all(
      [1, 2, 3].map(() => at('PUT', made.registration_client_uri, made.registration_access_token, body)),
    )
    assert.deepEqual(
      answers.map(({ statusCode }) => statusCode).toSorted((a, b) => a - b),
      [200, 401, 401],
    )
  })

  await t.test('what it cannot become', async () => {
    const made = await register()
    const wrong: object[] = [
      { redirect_uris },
      { client_id: 'another', redirect_uris },
      { client_id: made.client_id, client_secret: 'cs_wrong', redirect_uris },
      { client_id: made.client_id, redirect_uris, token_endpoint_auth_method: 'none' },
      {
        client_id: made.client_id,
        redirect_uris,
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [keyPair('ES256').jwk] },
      },
      { client_id: made.client_id, redirect_uris, grant_types: ['client_credentials'] },
      { client_id: made.client_id, redirect_uris: ['http://evil.example/'] },
    ]
    for (const body of wrong)
      assert.equal(
        (await at('PUT', made.registration_client_uri, made.registration_access_token, body)).statusCode,
        400,
        JSON.stringify(body),
      )
    assert.deepEqual(
      (await at('GET', made.registration_client_uri, made.registration_access_token)).json<Registered>().redirect_uris,
      redirect_uris,
    )
  })

  await t.test('a client of an organization widens nothing; suspended with it', async () => {
    const { key } = await acme.key({ scopes: 'manage:clients read write' })
    const made = await register({ scope: 'read' }, key)
    const body = { client_id: made.client_id, redirect_uris }
    const put = (more: object) =>
      at('PUT', made.registration_client_uri, made.registration_access_token, { ...body, ...more })
    // only `read` was registered: what else is asked for goes beyond it
    assert.equal((await put({ scope: 'read write' })).statusCode, 400)
    const { registration_access_token } = (await put({})).json<Registered>()
    await operate('PATCH', `/organizations/${acme.organization}`, { suspended: true })
    assert.equal((await at('GET', made.registration_client_uri, registration_access_token)).statusCode, 401)
    await operate('PATCH', `/organizations/${acme.organization}`, { suspended: false })
    const read = await at('GET', made.registration_client_uri, registration_access_token)
    assert.equal(read.json<Registered>().scope, 'read')
  })

  await t.test('§2.3: withdrawn, with its secret', async () => {
    const { client_id, client_secret = '', ...made } = await register()
    const attempt = () => token(launched, { client_id, client_secret }, { grant_type: 'authorization_code', code: 'x' })
    assert.equal((await attempt()).body.error, 'invalid_grant')
    const answer = await at('DELETE', made.registration_client_uri, made.registration_access_token)
    assert.deepEqual([answer.statusCode, answer.body], [204, ''])
    assert.equal((await attempt()).body.error, 'invalid_client')
    assert.equal((await at('DELETE', made.registration_client_uri, made.registration_access_token)).statusCode, 401)
  })
})
