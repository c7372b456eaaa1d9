// RFC 9728, 8414, 7591, 7636, 8707, 9207: an agent that knows nothing but an API's address gets in by itself, with a person's leave. The
// order is that of the Model Context Protocol's authorization.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import type { LatchkeyConfig } from '../../src/config/config.ts'
import { launch, type Launched, world } from '../harness.ts'
import { authorize, decide, pkce, sentTo, signIn, type TokenAnswer } from './flow.ts'

const file: LatchkeyConfig = {
  apis: {
    tools: {
      hosts: ['mcp.localhost'],
      path: '/mcp',
      upstream: 'echo',
      scopes: { 'tools:read': 'See what tools there are', 'tools:call': 'Use your tools' },
      requiredScopes: [{ scopes: ['tools:call'] }],
      documentation: 'https://docs.example.com/mcp',
    },
    other: { hosts: ['other.localhost'], upstream: 'echo' },
  },
  oauth: { registration: 'open', clientMetadataDocuments: true },
}

const address = 'http://mcp.localhost:8000/mcp'
/** What is registered; RFC 8252 §7.3 leaves the port to the moment. */
const registeredUri = 'http://127.0.0.1/callback'
const redirect_uri = 'http://127.0.0.1:49152/callback'

/** Requests to whole addresses, as a program sends them that follows what it is told. */
const visitor =
  ({ ask }: Pick<Launched, 'ask'>) =>
  (method: string, url: string, options: Omit<NonNullable<Parameters<Launched['ask']>[2]>, 'host'> = {}) => {
    const { host, pathname, search } = new URL(url)
    return ask(method, pathname + search, { host, ...options })
  }

type Visit = ReturnType<typeof visitor>
type Document = Record<string, string> & { authorization_servers: string[]; scopes_supported: string[] }

/** From a refusal to the authorization server: RFC 9728 §5, RFC 8414 §3. */
const discover = async (visit: Visit) => {
  const refused = await visit('GET', address)
  assert.equal(refused.statusCode, 401)
  const challenge = String(refused.headers['www-authenticate'])
  const documentUrl = /^Bearer .*resource_metadata="([^"]+)"/.exec(challenge)?.[1] ?? ''
  const resource = (await visit('GET', documentUrl)).json<Document>()
  assert.equal(resource.resource, address, 'RFC 9728 §3.3: it speaks for the address that was called')
  const [issuer = ''] = resource.authorization_servers
  const server = (await visit('GET', `${issuer}/.well-known/oauth-authorization-server`)).json<Document>()
  assert.equal(server.issuer, issuer, 'RFC 8414 §3.3')
  assert.ok(server.code_challenge_methods_supported?.includes('S256'))
  return { resource, server }
}

/** How an agent becomes a client; each answers its client_id. */
const ways: Record<string, (visit: Visit, server: Document) => Promise<{ id: string; close?: () => void }>> = {
  async 'by registering itself (RFC 7591)'(visit, server) {
    const answer = await visit('POST', server.registration_endpoint as string, {
      body: {
        client_name: 'Agent',
        redirect_uris: [registeredUri],
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', 'refresh_token'],
      },
    })
    assert.equal(answer.statusCode, 201, answer.body)
    return { id: answer.json<{ client_id: string }>().client_id }
  },
  async 'by the address of a document about itself'(_visit, server) {
    assert.equal(server.client_id_metadata_document_supported, true)
    let document = {}
    const site = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document))
    })
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve))
    const id = `http://127.0.0.1:${(site.address() as AddressInfo).port}/agent.json`
    document = {
      client_id: id,
      client_name: 'Agent',
      redirect_uris: [registeredUri],
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
    }
    return { id, close: () => void site.close() }
  },
}

for (const [way, become] of Object.entries(ways)) {
  test(`an agent that knows only an API’s address gets in, ${way}`, async (t) => {
    const launched = await launch(t, { file })
    const visit = visitor(launched)
    const acme = await world(launched)
    const { resource, server } = await discover(visit)
    const { id: client_id, close } = await become(visit, server)
    if (close) t.after(close)

    const { verifier, challenge } = pkce()
    const browser = await signIn(launched, acme.owner)
    const page = await authorize(launched, browser, {
      client_id,
      redirect_uri,
      response_type: 'code',
      scope: resource.scopes_supported.join(' '),
      resource: resource.resource as string,
      state: 'state',
      code_challenge: challenge,
      code_challenge_method: 'S256',
    })
    assert.match(page.body, /Use your tools/)
    const { code = '', iss, state } = sentTo(await decide(launched, browser, page), redirect_uri)
    assert.deepEqual({ iss, state }, { iss: server.issuer, state: 'state' })

    const tokenRequest = (form: Record<string, string>) =>
      visit('POST', server.token_endpoint as string, { form: { client_id, resource: address, ...form } })
    const answer = await tokenRequest({ grant_type: 'authorization_code', code, redirect_uri, code_verifier: verifier })
    assert.equal(answer.statusCode, 200, answer.body)
    const { access_token, refresh_token = '' } = answer.json<TokenAnswer>()
    const call = (as: string, url = address) =>
      visit('POST', url, { as, body: { jsonrpc: '2.0', method: 'tools/list' } })

    const called = await call(access_token, `${address}/messages`)
    assert.equal(called.statusCode, 200, called.body)
    const { principal } = called.json<{ principal: Record<string, unknown> }>()
    assert.equal(principal.subject, acme.owner)
    assert.equal((await call(access_token, 'http://other.localhost:8000/')).statusCode, 401, 'RFC 8707: no other API')

    const next = (await tokenRequest({ grant_type: 'refresh_token', refresh_token })).json<TokenAnswer>()
    assert.equal((await call(next.access_token)).statusCode, 200)
    assert.equal((await call((await acme.key()).key)).statusCode, 200, 'the same API takes an API key')
    const narrow = await call((await acme.key({ scopes: 'tools:read' })).key)
    assert.equal(narrow.statusCode, 403)
    assert.match(String(narrow.headers['www-authenticate']), /error="insufficient_scope", scope="tools:call"/)
  })
}

test('an agent that runs in a browser may read and send all that it needs for it', async (t) => {
  const launched = await launch(t, { file })
  const visit = visitor(launched)
  const { server } = await discover(visit)
  const origin = 'https://agent.example.com'
  const documents = [
    'http://mcp.localhost:8000/.well-known/oauth-protected-resource/mcp',
    `${server.issuer}/.well-known/oauth-authorization-server`,
    `${server.issuer}/.well-known/openid-configuration`,
  ]
  const endpoints = ['registration_endpoint', 'token_endpoint', 'revocation_endpoint', 'userinfo_endpoint']
  for (const [method, url] of [
    ...documents.map((document) => ['GET', document] as const),
    ...endpoints.map((name) => ['POST', server[name] as string] as const),
  ]) {
    const asked = {
      origin,
      'access-control-request-method': method,
      'access-control-request-headers': 'authorization,content-type,dpop,mcp-protocol-version',
    }
    const preflight = await visit('OPTIONS', url, { headers: asked })
    assert.equal(preflight.statusCode, 204, url)
    assert.ok(String(preflight.headers['access-control-allow-methods']).includes(method), url)
    const allowed = String(preflight.headers['access-control-allow-headers']).toLowerCase().split(', ')
    for (const name of asked['access-control-request-headers'].split(',')) assert.ok(allowed.includes(name), name)
    const answer = await visit(method, url, { headers: { origin }, ...(method === 'POST' && { form: { x: 'y' } }) })
    for (const { headers } of [preflight, answer]) {
      assert.equal(headers['access-control-allow-origin'], '*', url)
      assert.equal(headers['access-control-allow-credentials'], undefined, 'never with the browser’s cookies')
    }
  }
  const plain = await visit('OPTIONS', server.token_endpoint as string)
  assert.equal(plain.statusCode, 405, 'no preflight')
})

test('RFC 9728 §2, §3.2: the document says what is so, and has no empty list', async (t) => {
  const launched = await launch(t, { file })
  const visit = visitor(launched)
  const { resource } = await discover(visit)
  const { dpop_signing_alg_values_supported: algorithms, ...rest } = resource as Record<string, unknown>
  assert.ok((algorithms as string[]).includes('ES256'))
  assert.deepEqual(rest, {
    resource: address,
    authorization_servers: [launched.config.issuer],
    scopes_supported: ['tools:read', 'tools:call'],
    bearer_methods_supported: ['header'],
    resource_name: 'tools',
    resource_documentation: 'https://docs.example.com/mcp',
  })
  const own = (await visit('GET', `${launched.config.issuer}/.well-known/oauth-protected-resource`)).json<Document>()
  assert.equal(own.resource, launched.config.issuer)
  assert.equal('scopes_supported' in own, false)
})
