// draft-ietf-oauth-client-id-metadata-document-02, MCP 2026-07-28: clients known by the address of a document about themselves.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { sql } from 'kysely'
import { assertionForm, keyPair, signAssertion } from '../clients/client-key.ts'
import { launch, type LaunchOptions, seeds, stoppedClock, world } from '../harness.ts'
import type { Cleanup } from '../temporary-folder.ts'
import { fillWithClients } from './many-clients.ts'
import { allowedCode, authorize, pkce, signIn, token } from './flow.ts'

const start = (t: Cleanup, options: LaunchOptions = {}) =>
  launch(t, { file: { ...seeds, oauth: { clientMetadataDocuments: true } }, ...options })

interface Site {
  /** Without a trailing slash. */
  base: string
  /** Paths → what is answered there: a document, or its text. */
  documents: Record<string, object | string | undefined>
  asked: string[]
  headers: Record<string, string>
  status: number
}

/** A web site on this machine that publishes documents. */
const publish = async (t: Cleanup): Promise<Site> => {
  const site: Site = { base: '', documents: {}, asked: [], headers: {}, status: 200 }
  const server = createServer((request, response) => {
    site.asked.push(request.url ?? '')
    const document = site.documents[request.url ?? '']
    response
      .writeHead(document === undefined ? 404 : site.status, { 'content-type': 'application/json', ...site.headers })
      .end(typeof document === 'string' ? document : JSON.stringify(document))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => void server.close())
  site.base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return site
}

const redirect_uri = 'http://127.0.0.1:3000/callback'

test('metadata documents', async (t) => {
  const clock = stoppedClock('2026-02-01T12:00:00Z')
  const launched = await start(t, { now: clock })
  const { ask, operate, config } = launched
  const acme = await world(launched)
  const site = await publish(t)
  const browser = await signIn(launched, acme.owner, clock())
  let count = 0
  /** The client_id of a document that is right but for the changes. */
  const publishDocument = (changes: object = {}): string => {
    const path = `/oauth/client-${++count}.json`
    const client_id = site.base + path
    site.documents[path] = {
      client_id,
      client_name: 'Example MCP Client',
      redirect_uris: [redirect_uri],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      ...changes,
    }
    return client_id
  }
  const pathOf = (clientId: string): string => clientId.slice(site.base.length)
  const { verifier, challenge } = pkce()
  const request = (client_id: string) => ({
    client_id,
    redirect_uri,
    response_type: 'code',
    resource: config.apis.get('example')?.audience ?? '',
    scope: 'read offline_access',
    code_challenge: challenge,
    code_challenge_method: 'S256',
  })
  const show = async (clientId: string) => {
    const path = `/clients?client_id=${encodeURIComponent(clientId)}`
    const { data } = await operate<{ data: Record<string, unknown>[] }>('GET', path)
    return data[0] ?? assert.fail(`${clientId} is not kept`)
  }
  const isKnown = async (clientId: string): Promise<boolean> => {
    const { statusCode, body } = await authorize(launched, browser, request(clientId))
    assert.ok(statusCode === 200 || (statusCode === 400 && body.includes('no such client')), body)
    return statusCode === 200
  }

  await t.test('a person allows it, and it gets tokens and new ones', async () => {
    const client_id = publishDocument()
    const page = await authorize(launched, browser, request(client_id))
    assert.equal(page.statusCode, 200, page.body)
    assert.match(page.body, /Example MCP Client/)
    assert.ok(page.body.includes(new URL(site.base).host), 'the host that it really is (§8.5)')
    const code = await allowedCode(launched, browser, request(client_id))
    const first = await token(
      launched,
      { client_id },
      { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri },
    )
    assert.equal(first.status, 200, JSON.stringify(first.body))
    const { refresh_token = '' } = first.body
    assert.equal((await token(launched, { client_id }, { grant_type: 'refresh_token', refresh_token })).status, 200)
    assert.equal(site.asked.filter((path) => path === pathOf(client_id)).length, 1, 'fetched once')
    const shown = await show(client_id)
    assert.deepEqual(
      [shown.registration, shown.organization_id, shown.public, shown.pkce],
      ['document', null, true, 'required'],
    )
  })

  await t.test('§3: addresses that are none', async () => {
    const good = publishDocument()
    for (const clientId of [
      `${good}#x`,
      good.replace('/oauth/', '/oauth/./'),
      good.replace('/oauth/', '/x/../oauth/'),
      good.replace('/oauth/', '/x/%2e%2e/oauth/'),
      good.replace('http://', 'http://user@'),
      good.replace('http:', 'HTTP:'),
      `${good}?${'x'.repeat(500)}`,
      site.base,
      'https://localhost',
      'https://10.0.0.1/client.json',
      'https://169.254.169.254/latest/meta-data/',
      'https://client.internal:8443/client.json',
      'https://[::1]:1/client.json',
    ]) {
      const before = site.asked.length
      assert.equal(await isKnown(clientId), false, clientId)
      assert.equal(site.asked.length, before, 'and nothing was fetched')
    }
  })

  await t.test('§4: documents that are refused, and not kept', async () => {
    const { jwk, privateKey } = keyPair('ES256')
    const keyed = { token_endpoint_auth_method: 'private_key_jwt' }
    const elsewhere = publishDocument()
    const wrong: (object | string)[] = [
      { client_id: elsewhere },
      { client_id: undefined },
      { client_id: 7 },
      { redirect_uris: [] },
      { redirect_uris: ['http://app.example.com/callback'] },
      { redirect_uris: ['javascript:alert(1)//'] },
      { token_endpoint_auth_method: 'client_secret_post' },
      { token_endpoint_auth_method: 'client_secret_basic' },
      { token_endpoint_auth_method: 'client_secret_jwt' },
      { client_secret: 'cs_shared' },
      { client_secret_expires_at: 0 },
      keyed,
      { ...keyed, jwks: { keys: [privateKey.export({ format: 'jwk' })] } },
      { ...keyed, jwks: { keys: [jwk] }, jwks_uri: `${site.base}/jwks.json` },
      { ...keyed, jwks_uri: 'https://169.254.169.254/jwks.json' },
      { grant_types: ['client_credentials'] },
      { response_types: ['token'] },
      { client_name: 'Evil\u202egnp.exe' },
      { id_token_signed_response_alg: 'none' },
      { padding: 'x'.repeat(5 * 1024) },
      '[]',
      '{"client_id":',
      'null',
    ]
    const rows = async () => (await operate<{ data: object[] }>('GET', '/clients?limit=200')).data.length
    const before = await rows()
    for (const changes of wrong) {
      const clientId = publishDocument(typeof changes === 'string' ? {} : changes)
      if (typeof changes === 'string') site.documents[pathOf(clientId)] = changes
      assert.equal(await isKnown(clientId), false, JSON.stringify(changes).slice(0, 200))
    }
    const missing = `${site.base}/missing.json`
    assert.equal(await isKnown(missing), false)
    site.headers = { 'content-type': 'text/html' }
    assert.equal(await isKnown(publishDocument()), false)
    site.headers = {}
    site.status = 302
    assert.equal(await isKnown(publishDocument()), false)
    site.status = 200
    assert.equal(await rows(), before)
  })

  await t.test(
    '§4.1: it holds no more than a client of nobody may: no reserved scopes, no grant of its own',
    async () => {
      const clientId = publishDocument({
        grant_types: ['authorization_code', 'client_credentials', 'urn:ietf:params:oauth:grant-type:token-exchange'],
        scope: 'read offline_access manage verify introspect other-servers-scope',
        client_uri: 'https://bank.example/',
      })
      assert.equal(await isKnown(clientId), true)
      const shown = await show(clientId)
      assert.deepEqual([shown.grants, shown.scopes], [['authorization_code'], 'read offline_access'])
      assert.equal(shown.uri, null, 'a home page on another host is none of its own')
    },
  )

  await t.test('§8.2: with keys it must prove itself', async () => {
    const pair = keyPair('ES256')
    for (const document of [
      { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [pair.jwk] } },
      { token_endpoint_auth_method: undefined, jwks: { keys: [pair.jwk] } },
    ]) {
      const client_id = publishDocument(document)
      const redeem = async (form: Record<string, string>) => {
        const code = await allowedCode(launched, browser, request(client_id))
        return token(
          launched,
          { client_id },
          { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri, ...form },
        )
      }
      assert.equal((await redeem({})).status, 401)
      assert.equal(
        (await redeem(assertionForm(await signAssertion(keyPair('ES256'), client_id, config.issuer, clock())))).status,
        401,
      )
      assert.equal(
        (await redeem(assertionForm(await signAssertion(pair, client_id, config.issuer, clock())))).status,
        200,
      )
    }
  })

  await t.test('§5.2: kept as Cache-Control says; a change counts after that', async () => {
    site.headers = { 'cache-control': 'max-age=300' }
    const clientId = publishDocument()
    assert.equal(await isKnown(clientId), true)
    site.documents[pathOf(clientId)] = {
      client_id: clientId,
      client_name: 'New name',
      redirect_uris: ['http://127.0.0.1:3000/other'],
    }
    clock.advance(299_000)
    assert.equal(await isKnown(clientId), true)
    clock.advance(1000)
    const page = await authorize(launched, browser, request(clientId))
    assert.equal(page.statusCode, 400)
    assert.match(page.body, /redirect_uri is not one that is registered/)
    assert.equal(site.asked.filter((path) => path === pathOf(clientId)).length, 2)
    const shown = await show(clientId)
    assert.equal(shown.name, 'New name')
    site.headers = {}
  })

  await t.test(
    'one that is gone when its time is over cannot be used, and no longer refreshes; back again it can',
    async () => {
      const client_id = publishDocument()
      const code = await allowedCode(launched, browser, request(client_id))
      const { body } = await token(
        launched,
        { client_id },
        { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri },
      )
      const document = site.documents[pathOf(client_id)]
      site.documents[pathOf(client_id)] = undefined
      const refresh = () =>
        token(launched, { client_id }, { grant_type: 'refresh_token', refresh_token: body.refresh_token ?? '' })
      clock.advance(600_000)
      assert.equal((await refresh()).body.error, 'invalid_client')
      assert.equal(await isKnown(client_id), false)
      site.documents[pathOf(client_id)] = document
      clock.advance(10_001)
      assert.equal((await refresh()).status, 200)
      assert.equal(await isKnown(client_id), true)
    },
  )

  await t.test('many at once fetch it once, and a host brings no more than twenty new ones a minute', async () => {
    clock.advance(60_000)
    const clientId = publishDocument()
    const answers = await Promise.all([1, 2, 3, 4, 5, 6].map(() => isKnown(clientId)))
    assert.deepEqual(new Set(answers), new Set([true]))
    assert.equal(site.asked.filter((path) => path === pathOf(clientId)).length, 1)
    for (let n = 2; n <= 20; n++) assert.equal(await isKnown(publishDocument()), true)
    const late = publishDocument()
    assert.equal(await isKnown(late), false)
    assert.equal(await isKnown(clientId), true, 'those that are known are not held up')
    clock.advance(60_000)
    assert.equal(await isKnown(late), true)
  })

  await t.test('it pushes its requests and connects devices like any other client', async () => {
    const pushing = publishDocument({ require_pushed_authorization_requests: true })
    const pushed = await ask('POST', '/oauth/par', { form: request(pushing) })
    assert.equal(pushed.statusCode, 201, pushed.body)
    const { request_uri } = pushed.json<{ request_uri: string }>()
    assert.equal((await authorize(launched, browser, { client_id: pushing, request_uri })).statusCode, 200)
    const grant_type = 'urn:ietf:params:oauth:grant-type:device_code'
    const client_id = publishDocument({ grant_types: [grant_type], redirect_uris: [] })
    const { resource } = request(client_id)
    const begun = await ask('POST', '/oauth/device_authorization', { form: { client_id, resource } })
    assert.equal(begun.statusCode, 200, begun.body)
    const { device_code } = begun.json<{ device_code: string }>()
    const { body } = await token(launched, { client_id }, { grant_type, device_code })
    assert.equal(body.error, 'authorization_pending')
  })

  await t.test('operators end one with its tokens', async () => {
    const client_id = publishDocument()
    const code = await allowedCode(launched, browser, request(client_id))
    const { body } = await token(
      launched,
      { client_id },
      { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri },
    )
    const call = () => ask('GET', '/api/v1/users/me', { host: 'api.example.localhost', as: body.access_token })
    assert.equal((await call()).statusCode, 200)
    await operate('DELETE', `/clients?client_id=${encodeURIComponent(client_id)}`)
    assert.equal((await call()).statusCode, 401)
  })

  await t.test('advertised', async () => {
    const metadata = (await ask('GET', '/.well-known/oauth-authorization-server')).json<Record<string, unknown>>()
    assert.equal(metadata.client_id_metadata_document_supported, true)
  })
})

test('ten thousand are kept; then those go that nobody has allowed anything, and when all have been, no more come', async (t) => {
  const launched = await start(t)
  const acme = await world(launched)
  const site = await publish(t)
  const { store } = launched.app
  await store.transaction((trx) => fillWithClients(trx, 'document', 10_000))
  const isKnown = async (path: string): Promise<boolean> => {
    const client_id = site.base + path
    site.documents[path] = { client_id, redirect_uris: [redirect_uri] }
    const query = { client_id, redirect_uri, response_type: 'code' }
    return !(await authorize(launched, await signIn(launched, acme.owner), query)).body.includes('no such client')
  }
  const count = async () =>
    (await store.db.selectFrom('clients').select('id').where('registration', '=', 'document').execute()).length
  assert.equal(await isKnown('/one.json'), true)
  assert.equal(await count(), 9901)
  await store.transaction(async (trx) => {
    await fillWithClients(trx, 'document', 99, 'more')
    await sql`INSERT INTO consents (id, user_id, client_id, organization_id, api, scopes, created_at)
      SELECT id, ${acme.owner}, id, NULL, 'example', 'read', 0 FROM clients WHERE registration = 'document'`.execute(
      trx,
    )
  })
  assert.equal(await isKnown('/two.json'), false)
  assert.equal(await isKnown('/one.json'), true)
})

test('off: nothing is fetched, nothing advertised, and what was known before counts no more', async (t) => {
  const on = await start(t)
  const acme = await world(on)
  const site = await publish(t)
  const client_id = `${site.base}/client.json`
  site.documents['/client.json'] = { client_id, redirect_uris: [redirect_uri], token_endpoint_auth_method: 'none' }
  const browser = await signIn(on, acme.owner)
  const query = { client_id, redirect_uri, response_type: 'code' }
  assert.equal((await authorize(on, browser, query)).body.includes('no such client'), false)
  const off = await launch(t, { folder: on.folder })
  assert.match((await authorize(off, browser, query)).body, /no such client/)
  assert.equal(site.asked.length, 1)
  const metadata = (await off.ask('GET', '/.well-known/oauth-authorization-server')).json<object>()
  assert.equal('client_id_metadata_document_supported' in metadata, false)
})
