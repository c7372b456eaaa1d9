// RFC 8414 §2, OpenID Connect Discovery §3: every member of the metadata is tried. One that has no proof here fails.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import {
  createRemoteJWKSet,
  customFetch,
  decodeJwt,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  jwtVerify,
  SignJWT,
} from 'jose'
import { identityScopes } from '../../src/config/config.ts'
import { type Launched, launch, seeds, world, type World } from '../harness.ts'
import { prover } from '../dpop.ts'
import { allowed } from './allowed.ts'
import { type Browser, authorize, decide, formOf, pkce, signIn } from './flow.ts'

const redirect_uri = 'https://app.example.com/callback'

type Client = Awaited<ReturnType<World['client']>>

interface Tried {
  launched: Launched
  acme: World
  client: Client
  browser: Browser
  /** A request to an endpoint that the metadata names. */
  at: (endpoint: unknown, method: string, options?: Parameters<Launched['ask']>[2]) => ReturnType<Launched['ask']>
  metadata: Record<string, unknown>
}

const errorOf = (answer: { json: <T>() => T }): string | undefined => answer.json<{ error?: string }>().error
const form = (client: Client, fields: Record<string, string>): Record<string, string> => ({
  client_id: client.client_id,
  client_secret: client.client_secret,
  ...fields,
})

/** A request of a client that proves itself by a signature of this algorithm. */
const signedRequest = async ({ launched, acme }: Tried, alg: string): Promise<{ form: Record<string, string> }> => {
  const { client_id } = await acme.client({ redirect_uris: [redirect_uri] })
  const { privateKey, publicKey } = await generateKeyPair(alg)
  const jwks = JSON.stringify({ keys: [await exportJWK(publicKey)] })
  await launched.app.store.transaction((trx) =>
    trx.updateTable('clients').set({ jwks }).where('id', '=', client_id).execute(),
  )
  const client_assertion = await new SignJWT()
    .setProtectedHeader({ alg })
    .setIssuer(client_id)
    .setSubject(client_id)
    .setAudience(launched.config.issuer)
    .setJti(randomUUID())
    .setExpirationTime('60s')
    .sign(privateKey)
  return {
    form: { client_assertion, client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer' },
  }
}

/** How a client proves itself by each method: options of a request that is to be answered as the client's. */
const byMethod: Record<string, (tried: Tried) => Promise<Parameters<Launched['ask']>[2]>> = {
  client_secret_basic: async ({ client }) => ({
    headers: {
      authorization: `Basic ${Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64')}`,
    },
    form: {},
  }),
  client_secret_post: async ({ client }) => ({ form: form(client, {}) }),
  private_key_jwt: (tried) => signedRequest(tried, 'ES256'),
  none: async ({ acme }) => ({
    form: {
      client_id: (await acme.client({ public: true, redirect_uris: [redirect_uri] })).client_id,
    },
  }),
}

const tokensOf = ({ launched, acme, client }: Tried, scope = 'openid profile email') =>
  allowed(launched, { client, userId: acme.owner, scope, api: 'example', nonce: 'n' })

/** What the client is told of an authorization request that the person allows, in whatever mode; empty where it is told nothing yet. */
const told = async (
  { launched, client, browser }: Tried,
  more: Record<string, string> = {},
): Promise<Record<string, string>> => {
  const request = {
    client_id: client.client_id,
    redirect_uri,
    response_type: 'code',
    scope: 'openid',
    resource: launched.config.management.audience,
    code_challenge: pkce().challenge,
    code_challenge_method: 'S256',
    prompt: 'consent',
    ...more,
  }
  const page = await authorize(launched, browser, request)
  const asks = page.statusCode === 200 && page.body.includes('/oauth/authorize/decision')
  const answer = asks ? await decide(launched, browser, page) : page
  const { location = '' } = answer.headers
  return location.startsWith(redirect_uri)
    ? { mode: 'query', ...Object.fromEntries(new URL(location).searchParams) }
    : answer.statusCode === 200
      ? { mode: 'form_post', ...formOf(answer).fields }
      : {}
}

/** Whether each of `values` gets a code, and each of `others` the error. */
const onlyThese = async (tried: Tried, parameter: string, values: unknown, others: Record<string, string>) => {
  for (const value of values as string[])
    assert.ok('code' in (await told(tried, { [parameter]: value })), `${parameter}=${value}`)
  for (const [value, error] of Object.entries(others))
    assert.equal((await told(tried, { [parameter]: value })).error, error, `${parameter}=${value}`)
}

type Endpoint = keyof typeof proven

/** By endpoint: a request with which nothing but the client's proof could be wrong, and how an endpoint that takes the proof answers it. */
const proven = {
  token_endpoint: { fields: { grant_type: 'authorization_code', code: 'unknown' }, answer: /"error":"invalid_grant"/ },
  revocation_endpoint: { fields: { token: 'unknown' }, answer: /^\{\}$/ },
  introspection_endpoint: { fields: { token: 'unknown' }, answer: /^\{"active":false\}$/ },
}

const provesAt = async (tried: Tried, endpoint: Endpoint, proof: Parameters<Launched['ask']>[2]): Promise<boolean> => {
  const { fields, answer } = proven[endpoint]
  const asked = { ...proof, form: { ...proof?.form, ...fields } }
  return answer.test((await tried.at(tried.metadata[endpoint], 'POST', asked)).body)
}

const methodsAt =
  (endpoint: Endpoint, own: typeof byMethod = {}) =>
  async (value: unknown, tried: Tried): Promise<void> => {
    const names = value as string[]
    const every = { ...byMethod, ...own }
    for (const name of names) assert.ok(every[name], `how a caller proves itself by ${name}`)
    for (const [name, proof] of Object.entries(every))
      assert.equal(await provesAt(tried, endpoint, await proof(tried)), names.includes(name), name)
    assert.equal(await provesAt(tried, endpoint, { form: form(tried.client, { client_secret: 'wrong' }) }), false)
  }

const algorithmsAt =
  (endpoint: Endpoint) =>
  async (value: unknown, tried: Tried): Promise<void> => {
    const names = value as string[]
    for (const alg of ['ES256', 'ES384', 'RS256', 'RS512', 'PS256', 'EdDSA', 'Ed25519'])
      assert.equal(await provesAt(tried, endpoint, await signedRequest(tried, alg)), names.includes(alg), alg)
  }

const sorted = (names: unknown): string[] => [...(names as string[])].toSorted()

/** By member; each fails where the member says too much, and where it can be told, too little. */
const proofs: Record<string, (value: unknown, tried: Tried) => Promise<void> | void> = {
  issuer: (value, { launched }) => assert.equal(value, launched.config.issuer),
  async jwks_uri(value, tried) {
    const keys = createRemoteJWKSet(new URL(value as string), {
      [customFetch]: async (url) => new Response((await tried.at(url, 'GET')).body),
    })
    await jwtVerify((await tokensOf(tried)).id_token ?? '', keys, { issuer: tried.launched.config.issuer })
  },
  async service_documentation(value, { at }) {
    assert.equal((await at(value, 'GET')).statusCode, 200)
  },
  async scopes_supported(value, tried) {
    assert.deepEqual(sorted(value), sorted([...Object.keys(identityScopes), 'read', 'write']))
    for (const scope of value as string[]) assert.ok((await tokensOf(tried, scope)).access_token)
  },
  async token_endpoint(value, { at }) {
    assert.equal(errorOf(await at(value, 'POST', { form: {} })), 'invalid_request')
  },
  token_endpoint_auth_methods_supported: methodsAt('token_endpoint'),
  token_endpoint_auth_signing_alg_values_supported: algorithmsAt('token_endpoint'),
  async client_id_metadata_document_supported(value, tried) {
    assert.equal(value, true)
    const server = createServer((request, response) => {
      const client_id = `http://${request.headers.host}${request.url}`
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ client_id, redirect_uris: [redirect_uri] }))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    try {
      const client_id = `http://127.0.0.1:${(server.address() as AddressInfo).port}/client.json`
      const asked = { form: { client_id, grant_type: 'authorization_code', code: 'unknown' } }
      assert.equal(errorOf(await tried.at(tried.metadata.token_endpoint, 'POST', asked)), 'invalid_grant')
    } finally {
      server.close()
    }
  },
  async grant_types_supported(value, { at, metadata, client }) {
    for (const grant_type of ['unknown', 'password', 'implicit', ...(value as string[])]) {
      const error = errorOf(await at(metadata.token_endpoint, 'POST', { form: form(client, { grant_type }) }))
      const known = (value as string[]).includes(grant_type)
      assert.equal(error !== 'unsupported_grant_type', known, `${grant_type} ${error}`)
    }
  },
  async authorization_endpoint(value, tried) {
    assert.ok(String((await tried.at(value, 'GET')).headers['content-type']).startsWith('text/html'))
    assert.equal(value, `${tried.launched.config.issuer}/oauth/authorize`, 'where all below are tried')
  },
  async authorization_response_iss_parameter_supported(value, tried) {
    assert.equal(value, true)
    for (const more of [{ state: 's' }, { response_type: 'token' }, { response_mode: 'form_post' }] as Record<
      string,
      string
    >[])
      assert.equal((await told(tried, more)).iss, tried.launched.config.issuer)
  },
  response_types_supported: (value, tried) =>
    onlyThese(tried, 'response_type', value, {
      token: 'unsupported_response_type',
      id_token: 'unsupported_response_type',
      'code id_token': 'unsupported_response_type',
      none: 'unsupported_response_type',
    }),
  async response_modes_supported(value, tried) {
    await onlyThese(tried, 'response_mode', value, {
      fragment: 'invalid_request',
      jwt: 'invalid_request',
      web_message: 'invalid_request',
    })
    for (const response_mode of value as string[])
      assert.equal((await told(tried, { response_mode })).mode, response_mode)
  },
  code_challenge_methods_supported: (value, tried) =>
    onlyThese(tried, 'code_challenge_method', value, { plain: 'invalid_request', S512: 'invalid_request' }),
  async prompt_values_supported(value, tried) {
    for (const prompt of [...(value as string[]), 'create', 'unknown']) {
      const { error } = await told(tried, { prompt })
      assert.equal(error !== 'invalid_request', (value as string[]).includes(prompt), `${prompt} ${error}`)
    }
  },
  async claims_parameter_supported(value, tried) {
    assert.equal(value, false)
    const claims = '{"id_token":{"email":{"essential":true}}}'
    assert.ok('code' in (await told(tried, { claims })), 'passed over (RFC 6749 §3.1)')
  },
  async request_parameter_supported(value, tried) {
    assert.equal(value, false)
    assert.equal((await told(tried, { request: 'e30.e30.' })).error, 'request_not_supported')
  },
  async request_uri_parameter_supported(value, tried) {
    assert.equal(value, false)
    assert.deepEqual(await told(tried, { request_uri: 'https://app.example.com/request' }), {}, 'shown to the person')
  },
  async registration_endpoint(value, { at }) {
    const answer = await at(value, 'POST', {
      body: { redirect_uris: [redirect_uri], token_endpoint_auth_method: 'none' },
    })
    assert.equal(answer.statusCode, 201, answer.body)
  },
  async pushed_authorization_request_endpoint(value, { at, client }) {
    assert.equal(errorOf(await at(value, 'POST', { form: form(client, {}) })), 'invalid_request')
  },
  async require_pushed_authorization_requests(value, tried) {
    assert.equal(value, false)
    assert.ok('code' in (await told(tried)))
  },
  async device_authorization_endpoint(value, { at }) {
    const { device_code } = (await at(value, 'POST', { form: { client_id: 'latchkey-cli' } })).json<{
      device_code: string
    }>()
    assert.match(device_code, /^dc_/)
  },
  async dpop_signing_alg_values_supported(value, { at, metadata, client }) {
    for (const alg of ['ES384', 'PS256', ...(value as string[])]) {
      const { prove } = await prover(alg)
      const dpop = await prove({ url: String(metadata.token_endpoint) })
      const options = { headers: { dpop }, form: form(client, { grant_type: 'authorization_code', code: 'unknown' }) }
      const expected = (value as string[]).includes(alg) ? 'use_dpop_nonce' : 'invalid_dpop_proof'
      assert.equal(errorOf(await at(metadata.token_endpoint, 'POST', options)), expected, alg)
    }
  },
  async revocation_endpoint(value, { at, client }) {
    assert.equal((await at(value, 'POST', { form: form(client, { token: 'unknown' }) })).body, '{}')
  },
  revocation_endpoint_auth_methods_supported: methodsAt('revocation_endpoint'),
  revocation_endpoint_auth_signing_alg_values_supported: algorithmsAt('revocation_endpoint'),
  async introspection_endpoint(value, { at, client }) {
    assert.equal((await at(value, 'POST', { form: form(client, { token: 'unknown' }) })).body, '{"active":false}')
  },
  introspection_endpoint_auth_methods_supported: methodsAt('introspection_endpoint', {
    Bearer: async ({ acme }) => ({ as: (await acme.key({ scopes: 'introspect' })).key }),
  }),
  introspection_endpoint_auth_signing_alg_values_supported: algorithmsAt('introspection_endpoint'),
  async userinfo_endpoint(value, tried) {
    const { access_token } = await tokensOf(tried)
    assert.equal((await tried.at(value, 'GET', { as: access_token })).json<{ sub: string }>().sub, tried.acme.owner)
  },
  async end_session_endpoint(value, { at }) {
    for (const method of ['GET', 'POST']) assert.ok((await at(value, method, {})).statusCode < 400, method)
  },
  async subject_types_supported(value, tried) {
    assert.deepEqual(sorted(value), ['pairwise', 'public'])
    const { store } = tried.launched.app
    for (const subject_type of value as ['public', 'pairwise']) {
      await store.transaction((trx) =>
        trx.updateTable('clients').set({ subject_type }).where('id', '=', tried.client.client_id).execute(),
      )
      const { sub } = decodeJwt((await tokensOf(tried)).id_token ?? '')
      assert.equal(sub === tried.acme.owner, subject_type === 'public')
    }
    await store.transaction((trx) => trx.updateTable('clients').set({ subject_type: 'public' }).execute())
  },
  async id_token_signing_alg_values_supported(value, tried) {
    assert.deepEqual(value, [decodeProtectedHeader((await tokensOf(tried)).id_token ?? '').alg])
  },
  async claims_supported(value, tried) {
    const { id_token = '', access_token } = await tokensOf(tried)
    const told = (await tried.at(tried.metadata.userinfo_endpoint, 'GET', { as: access_token })).json<object>()
    const names = new Set([...Object.keys(decodeJwt(id_token)), ...Object.keys(told)])
    assert.deepEqual(sorted(value), sorted([...names]))
  },
}

test('every member of the metadata is true', async (t) => {
  const oauth = { registration: 'open', clientMetadataDocuments: true } as const
  const launched = await launch(t, { file: { ...seeds, oauth } })
  const acme = await world(launched)
  const client = await acme.client({ redirect_uris: [redirect_uri] })
  const browser = await signIn(launched, acme.owner)
  const { issuer } = launched.config
  const documents = await Promise.all(
    ['oauth-authorization-server', 'openid-configuration'].map(
      async (name) => (await launched.ask('GET', `/.well-known/${name}`)).body,
    ),
  )
  assert.equal(documents[0], documents[1], 'one document at both addresses')
  const metadata = JSON.parse(documents[0] ?? '') as Record<string, unknown>
  const at: Tried['at'] = (endpoint, method, options) => {
    assert.ok(String(endpoint).startsWith(`${issuer}/`), String(endpoint))
    return launched.ask(method, String(endpoint).slice(issuer.length), options)
  }
  for (const [member, value] of Object.entries(metadata))
    await t.test(member, async () => {
      const prove = proofs[member]
      assert.ok(prove, `there is no proof of ${member}`)
      await prove(value, { launched, acme, client, browser, at, metadata })
    })
})

test('what is switched off is not advertised', async (t) => {
  const { ask } = await launch(t)
  const metadata = (await ask('GET', '/.well-known/oauth-authorization-server')).json<Record<string, unknown>>()
  assert.equal('registration_endpoint' in metadata, false)
  assert.equal(
    (await ask('POST', '/oauth/register', { body: { redirect_uris: [redirect_uri] } })).statusCode >= 400,
    true,
  )
})

test('every endpoint that there is for clients is advertised', async (t) => {
  const launched = await launch(t, { file: { ...seeds, oauth: { registration: 'open' } } })
  const { issuer } = launched.config
  const metadata = (await launched.ask('GET', '/.well-known/oauth-authorization-server')).json<
    Record<string, unknown>
  >()
  const advertised = Object.values(metadata).filter((value) => typeof value === 'string')
  const { paths } = (await launched.ask('GET', '/openapi.json')).json<{ paths: Record<string, object> }>()
  const endpoints = Object.keys(paths).filter((path) => /^\/oauth\/\w+$/.test(path))
  assert.ok(endpoints.length >= 7, endpoints.join())
  for (const path of endpoints) assert.ok(advertised.includes(issuer + path), path)
})
