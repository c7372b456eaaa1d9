// RFC 7591: clients that register themselves: off, by a token for it, or open; and what they can never be.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keyPair } from '../clients/client-key.ts'
import { launch, type LaunchOptions, seeds, stoppedClock, world } from '../harness.ts'
import type { Cleanup } from '../temporary-folder.ts'
import { fillWithClients } from './many-clients.ts'
import { allowed } from './allowed.ts'
import { allowedCode, pkce, signIn, token } from './flow.ts'

const start = (t: Cleanup, registration: 'off' | 'token' | 'open', options: LaunchOptions = {}) =>
  launch(t, { file: { ...seeds, oauth: { registration } }, ...options })

const redirect_uris = ['https://app.example.com/callback']
const app = { client_name: 'An app', redirect_uris, token_endpoint_auth_method: 'none' }

interface Registered extends Record<string, unknown> {
  client_id: string
  client_secret?: string
  registration_access_token: string
}

const metadataEndpoint = '/.well-known/oauth-authorization-server'

test('off: there is no endpoint, and nobody is told of one', async (t) => {
  const launched = await start(t, 'off')
  assert.equal((await launched.ask('POST', '/oauth/register', { body: app })).statusCode, 404)
  assert.equal('registration_endpoint' in (await launched.ask('GET', metadataEndpoint)).json<object>(), false)
})

test('open: anybody registers a client of nobody', async (t) => {
  const clock = stoppedClock('2026-02-01T12:00:00Z')
  const launched = await start(t, 'open', { now: clock })
  const { config, operate } = launched
  const acme = await world(launched)
  let address = 0
  /** From an address of its own each time, so that it need not wait. */
  const register = (body: object | string) =>
    launched.ask('POST', '/oauth/register', {
      body,
      headers: { 'x-forwarded-for': `198.51.100.${++address % 250}`, 'content-type': 'application/json' },
    })
  const made = async (body: object): Promise<Registered> => {
    const answer = await register(body)
    assert.equal(answer.statusCode, 201, answer.body)
    return answer.json<Registered>()
  }

  await t.test('§3.2.1: the answer tells everything that was registered', async () => {
    const answer = await register({
      ...app,
      client_uri: 'https://app.example.com/',
      'client_name#de': 'Eine App',
      logo_uri: 'https://app.example.com/logo.png',
      contacts: ['someone@app.example.com'],
      scope: 'read openid',
      subject_type: 'pairwise',
      post_logout_redirect_uris: ['https://app.example.com/bye'],
      dpop_bound_access_tokens: true,
      require_pushed_authorization_requests: true,
      application_type: null,
    })
    assert.equal(answer.statusCode, 201)
    assert.equal(answer.headers['cache-control'], 'no-store')
    const { client_id, registration_access_token, ...registered } = answer.json<Registered>()
    assert.match(client_id, /^[0-9a-f]{8}-[0-9a-f]{4}-7/)
    assert.match(registration_access_token, /^ra_[\w-]{43}$/)
    assert.deepEqual(registered, {
      client_id_issued_at: clock() / 1000,
      client_name: 'An app',
      client_uri: 'https://app.example.com/',
      redirect_uris,
      grant_types: ['authorization_code'],
      response_types: ['code'],
      scope: 'read openid',
      token_endpoint_auth_method: 'none',
      dpop_bound_access_tokens: true,
      require_pushed_authorization_requests: true,
      post_logout_redirect_uris: ['https://app.example.com/bye'],
      subject_type: 'pairwise',
      id_token_signed_response_alg: 'RS256',
      registration_client_uri: `${config.issuer}/oauth/register/${client_id}`,
    })
    const shown = await operate('GET', `/clients/${client_id}`)
    assert.deepEqual([shown.organization_id, shown.registration, shown.pkce], [null, 'dynamic', 'required'])
  })

  await t.test('confidential by default, with a secret told once; or by keys', async () => {
    const { client_id, client_secret, ...told } = await made({ redirect_uris })
    assert.match(String(client_secret), /^cs_/)
    assert.deepEqual([told.token_endpoint_auth_method, told.client_secret_expires_at], ['client_secret_basic', 0])
    const rows = JSON.stringify([
      await launched.app.store.db.selectFrom('clients').selectAll().execute(),
      await launched.app.store.db.selectFrom('client_secrets').selectAll().execute(),
      await launched.app.store.db.selectFrom('audit').selectAll().execute(),
    ])
    assert.equal(rows.includes(String(client_secret)) || rows.includes(told.registration_access_token), false)
    const { jwk } = keyPair('ES256')
    const keyed = await made({ redirect_uris, token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [jwk] } })
    assert.deepEqual([keyed.client_secret, keyed.jwks], [undefined, { keys: [jwk] }])
    assert.equal((await operate<{ data: object[] }>('GET', '/clients?limit=200')).data.length, 4)
    assert.ok(client_id)
  })

  await t.test('it signs people in, with PKCE and not without', async () => {
    const { client_id } = await made({ ...app, grant_types: ['authorization_code', 'refresh_token'] })
    const browser = await signIn(launched, acme.owner, clock())
    const { verifier, challenge } = pkce()
    const parameters = {
      client_id,
      redirect_uri: redirect_uris[0] as string,
      response_type: 'code',
      resource: config.apis.get('example')?.audience ?? '',
      scope: 'read offline_access',
    }
    const code = await allowedCode(launched, browser, {
      ...parameters,
      code_challenge: challenge,
      code_challenge_method: 'S256',
    })
    const { status, body } = await token(
      launched,
      { client_id },
      { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: parameters.redirect_uri },
    )
    assert.equal(status, 200, JSON.stringify(body))
    assert.ok(body.refresh_token)
    const without = await launched.ask('GET', `/oauth/authorize?${new URLSearchParams(parameters).toString()}`, {
      headers: { cookie: browser.cookie },
    })
    assert.equal(without.statusCode, 400)
    assert.match(without.body, /PKCE is required/)
  })

  await t.test(
    'never a grant of its own, never a reserved scope; unknown ones are left out and the answer says so',
    async () => {
      const { grant_types, scope } = await made({
        redirect_uris,
        grant_types: ['client_credentials', 'implicit', 'password', 'authorization_code', 'refresh_token'],
        scope: 'read manage manage:clients verify introspect metrics nonsense openid',
      })
      assert.deepEqual(grant_types, ['authorization_code', 'refresh_token'])
      assert.equal(scope, 'read openid')
      assert.equal((await register({ redirect_uris, grant_types: ['client_credentials'] })).statusCode, 400)
      const { client_id, client_secret } = await made({ redirect_uris, scope: 'manage' })
      const shown = await operate('GET', `/clients/${client_id}`)
      assert.equal(shown.scopes, '')
      const asked = await launched.ask('POST', '/oauth/token', {
        form: { grant_type: 'client_credentials', client_id, client_secret: client_secret ?? '' },
      })
      assert.equal(asked.json<{ error: string }>().error, 'unauthorized_client')
    },
  )

  await t.test('§3.2.2: what is refused', async () => {
    const { jwk, privateKey } = keyPair('ES256')
    const keyed = { ...app, token_endpoint_auth_method: 'private_key_jwt' }
    const wrong: [object | string, string][] = [
      [{ ...app, redirect_uris: undefined }, 'invalid_redirect_uri'],
      [{ ...app, redirect_uris: [] }, 'invalid_redirect_uri'],
      [{ ...app, redirect_uris: ['http://app.example.com/callback'] }, 'invalid_redirect_uri'],
      [{ ...app, redirect_uris: ['https://app.example.com/#x'] }, 'invalid_redirect_uri'],
      [{ ...app, redirect_uris: ['javascript:alert(1)//'] }, 'invalid_redirect_uri'],
      [{ ...app, redirect_uris: ['https://*.example.com/'] }, 'invalid_redirect_uri'],
      [{ ...app, redirect_uris: 'https://app.example.com/callback' }, 'invalid_client_metadata'],
      [{ ...app, redirect_uris: [1] }, 'invalid_client_metadata'],
      [
        { ...app, redirect_uris: Array.from({ length: 21 }, (_, n) => `https://a.example/${n}`) },
        'invalid_client_metadata',
      ],
      [{ ...app, client_name: 'Evil\u202egnp.exe' }, 'invalid_client_metadata'],
      [{ ...app, client_name: 'Line\nbreak' }, 'invalid_client_metadata'],
      [{ ...app, client_name: ' ' }, 'invalid_client_metadata'],
      [{ ...app, client_name: 'x'.repeat(201) }, 'invalid_client_metadata'],
      [{ ...app, client_name: 7 }, 'invalid_client_metadata'],
      [{ ...app, client_uri: 'javascript:alert(1)' }, 'invalid_client_metadata'],
      [{ ...app, token_endpoint_auth_method: 'client_secret_jwt' }, 'invalid_client_metadata'],
      [{ ...app, token_endpoint_auth_method: 'tls_client_auth' }, 'invalid_client_metadata'],
      [{ ...app, response_types: ['token'] }, 'invalid_client_metadata'],
      [{ ...app, id_token_signed_response_alg: 'none' }, 'invalid_client_metadata'],
      [{ ...app, id_token_signed_response_alg: 'HS256' }, 'invalid_client_metadata'],
      [{ ...app, subject_type: 'private' }, 'invalid_client_metadata'],
      [
        { ...app, subject_type: 'pairwise', redirect_uris: ['https://a.example/', 'https://b.example/'] },
        'invalid_client_metadata',
      ],
      [{ ...app, subject_type: 'pairwise', sector_identifier_uri: 'https://a.example/' }, 'invalid_client_metadata'],
      [{ ...app, dpop_bound_access_tokens: 'yes' }, 'invalid_client_metadata'],
      [{ ...app, post_logout_redirect_uris: ['http://app.example.com/bye'] }, 'invalid_client_metadata'],
      [keyed, 'invalid_client_metadata'],
      [{ ...keyed, jwks: { keys: [jwk] }, jwks_uri: 'https://a.example/jwks' }, 'invalid_client_metadata'],
      [{ ...keyed, jwks: { keys: [privateKey.export({ format: 'jwk' })] } }, 'invalid_client_metadata'],
      [{ ...keyed, jwks: 'https://a.example/jwks' }, 'invalid_client_metadata'],
      [{ ...keyed, jwks_uri: 'http://169.254.169.254/jwks' }, 'invalid_client_metadata'],
      [{ ...app, software_statement: 'eyJ.e30.' }, 'unapproved_software_statement'],
      ['[]', 'invalid_client_metadata'],
      ['{', 'invalid_client_metadata'],
      [`{"client_name":"A","client_name":"B","redirect_uris":["https://a.example/"]}`, 'invalid_client_metadata'],
      [`{"a":${'['.repeat(20)}${']'.repeat(20)}}`, 'invalid_client_metadata'],
    ]
    const before = (await operate<{ data: object[] }>('GET', '/clients?limit=200')).data.length
    for (const [body, error] of wrong) {
      const answer = await register(body)
      assert.equal(answer.statusCode, 400, answer.body)
      assert.equal(answer.json<{ error: string }>().error, error, JSON.stringify(body))
      assert.match(answer.json<{ error_description: string }>().error_description, /^[\x20\x21\x23-\x5b\x5d-\x7e]+$/)
    }
    const large = await register({ ...app, contacts: ['x'.repeat(70_000)] })
    assert.equal(large.statusCode, 413)
    assert.equal((await operate<{ data: object[] }>('GET', '/clients?limit=200')).data.length, before)
    const form = await launched.ask('POST', '/oauth/register', { form: { client_name: 'A' } })
    assert.equal(form.json<{ error: string }>().error, 'invalid_client_metadata')
  })

  await t.test('one network registers twenty in an hour; of IPv6 all its addresses count together', async () => {
    const from = (forwarded: string) =>
      launched.ask('POST', '/oauth/register', { body: app, headers: { 'x-forwarded-for': forwarded } })
    for (const network of ['203.0.113.7', '2001:db8:1:2::']) {
      const addressOf = (n: number) => (network.includes(':') ? `${network}${n.toString(16)}` : network)
      for (let n = 1; n <= 20; n++) assert.equal((await from(addressOf(n))).statusCode, 201)
      const refused = await from(addressOf(21))
      assert.equal(refused.statusCode, 429)
      assert.equal(refused.headers['retry-after'], '3600')
    }
    assert.equal((await from('2001:db8:1:3::1')).statusCode, 201)
    clock.advance(3_600_000)
    assert.equal((await from('203.0.113.7')).statusCode, 201)
  })
})

test('ten thousand clients of nobody are enough; whoever fills them up keeps others out for no longer than an hour', async (t) => {
  const clock = stoppedClock('2026-02-01T12:00:00Z')
  const launched = await start(t, 'open', { now: clock })
  const { store } = launched.app
  const register = () => launched.ask('POST', '/oauth/register', { body: app })
  const { client_id } = (await register()).json<Registered>()
  const acme = await world(launched)
  await allowed(launched, { client: { client_id }, userId: acme.owner, scope: 'read', api: 'example' }, clock())
  await store.transaction((trx) => fillWithClients(trx, 'dynamic', 9998))
  await store.db.updateTable('clients').set({ created_at: clock() }).where('id', 'like', 'many%').execute()
  assert.equal((await register()).statusCode, 201)
  const full = await register()
  assert.equal(full.statusCode, 429)
  assert.equal(full.json<{ error: string }>().error, 'temporarily_unavailable')
  clock.advance(3_600_000)
  assert.equal((await register()).statusCode, 201, 'those go that nobody has allowed anything')
  assert.ok(await store.lookups.clientById(client_id))
})

test('token: a credential that may make clients of an organization makes them so, and none that can do more', async (t) => {
  const launched = await start(t, 'token')
  const { ask, operate } = launched
  const acme = await world(launched)
  const register = (body: object, as?: string) => ask('POST', '/oauth/register', { body, ...(as && { as }) })
  const { key } = await acme.key({ scopes: 'manage:clients read' })

  await t.test('nobody else does', async () => {
    const without = await register(app)
    assert.equal(without.statusCode, 401)
    assert.match(String(without.headers['www-authenticate']), /^Bearer /)
    assert.equal((await register(app, 'sk_unknown')).statusCode, 401)
    assert.equal((await register(app, (await acme.key({ scopes: 'read' })).key)).statusCode, 403)
    assert.equal((await register(app, (await acme.key()).key)).statusCode, 403)
    const { id } = await operate<{ id: string }>('POST', '/users', { email: 'viewer@example.com', name: 'V' })
    await operate('POST', `/organizations/${acme.organization}/members`, { user_id: id, role: 'viewer' })
    const viewer = await operate<{ token: string }>('POST', `/users/${id}/tokens`, {
      name: 'T',
      all_organizations: true,
    })
    assert.equal((await register(app, viewer.token)).statusCode, 403)
    assert.equal(
      (await operate<{ data: object[] }>('GET', `/organizations/${acme.organization}/clients`)).data.length,
      0,
    )
  })

  await t.test('the client belongs to the organization, with what the credential can pass on', async () => {
    const answer = await register({ ...app, grant_types: ['authorization_code'] }, key)
    assert.equal(answer.statusCode, 201, answer.body)
    const shown = await operate('GET', `/clients/${answer.json<Registered>().client_id}`)
    assert.equal(shown.organization_id, acme.organization)
    assert.equal(shown.registration, 'dynamic')
    assert.equal(shown.scopes, 'read openid profile email offline_access')
    assert.equal((await register({ ...app, scope: 'read write' }, key)).statusCode, 403)
    const machine = await register({ grant_types: ['client_credentials'], scope: 'read' }, key)
    assert.equal(machine.statusCode, 201, machine.body)
    const { client_id, client_secret = '' } = machine.json<Registered>()
    const { body } = await token(
      launched,
      { client_id, client_secret },
      {
        grant_type: 'client_credentials',
        audience: 'example',
        resource: launched.config.apis.get('example')?.audience ?? '',
      },
    )
    assert.ok(body.access_token, JSON.stringify(body))
  })

  await t.test('a secret ends no later than the credential', async () => {
    const short = await acme.key({ scopes: 'manage:clients read', expires_in: 3600 })
    const { client_secret_expires_at } = (await register({ redirect_uris, scope: 'read' }, short.key)).json<{
      client_secret_expires_at: number
    }>()
    assert.ok(Math.abs(client_secret_expires_at - Date.now() / 1000 - 3600) < 60)
  })

  await t.test('an admin of one organization may; of several it is not clear for which', async () => {
    const { token: owner } = await acme.token()
    assert.equal((await register({ ...app, scope: 'read openid' }, owner)).statusCode, 201)
    await operate('POST', '/organizations', { name: 'Another', owner: acme.owner })
    assert.equal((await register(app, owner)).json<{ error: string }>().error, 'invalid_client_metadata')
  })

  await t.test('advertised', async () => {
    const metadata = (await ask('GET', metadataEndpoint)).json<Record<string, unknown>>()
    assert.equal(metadata.registration_endpoint, `${launched.config.issuer}/oauth/register`)
  })
})
