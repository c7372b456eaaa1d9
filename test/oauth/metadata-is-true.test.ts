// RFC 8414 §2, OpenID Connect Discovery §3: every member of the metadata is tried. One that has no proof here fails.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRemoteJWKSet, customFetch, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import { identityScopes } from '../../src/config/config.ts'
import { type Launched, launch, world, type World } from '../harness.ts'
import { allowed } from './allowed.ts'

type Client = Awaited<ReturnType<World['client']>>

interface Tried {
  launched: Launched
  acme: World
  client: Client
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

/** How a client proves itself by each method: options of a request that is to be answered as the client's. */
const byMethod: Record<string, (tried: Tried) => Promise<Parameters<Launched['ask']>[2]>> = {
  client_secret_basic: async ({ client }) => ({
    headers: {
      authorization: `Basic ${Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64')}`,
    },
    form: {},
  }),
  client_secret_post: async ({ client }) => ({ form: form(client, {}) }),
  none: async ({ acme }) => ({
    form: {
      client_id: (await acme.client({ public: true, redirect_uris: ['https://app.example.com/callback'] })).client_id,
    },
  }),
}

const signIn = ({ launched, acme, client }: Tried, scope = 'openid profile email') =>
  allowed(launched, { client, userId: acme.owner, scope, api: 'example', nonce: 'n' })

const sorted = (names: unknown): string[] => [...(names as string[])].toSorted()

/** By member; each fails where the member says too much, and where it can be told, too little. */
const proofs: Record<string, (value: unknown, tried: Tried) => Promise<void> | void> = {
  issuer: (value, { launched }) => assert.equal(value, launched.config.issuer),
  async jwks_uri(value, tried) {
    const keys = createRemoteJWKSet(new URL(value as string), {
      [customFetch]: async (url) => new Response((await tried.at(url, 'GET')).body),
    })
    await jwtVerify((await signIn(tried)).id_token ?? '', keys, { issuer: tried.launched.config.issuer })
  },
  async service_documentation(value, { at }) {
    assert.equal((await at(value, 'GET')).statusCode, 200)
  },
  async scopes_supported(value, tried) {
    assert.deepEqual(sorted(value), sorted([...Object.keys(identityScopes), 'read', 'write']))
    for (const scope of value as string[]) assert.ok((await signIn(tried, scope)).access_token)
  },
  async token_endpoint(value, { at }) {
    assert.equal(errorOf(await at(value, 'POST', { form: {} })), 'invalid_request')
  },
  async token_endpoint_auth_methods_supported(value, tried) {
    for (const method of value as string[]) {
      const options = await byMethod[method]?.(tried)
      assert.ok(options, `how a client proves itself by ${method}`)
      const asked = { ...options, form: { ...options.form, grant_type: 'authorization_code', code: 'unknown' } }
      assert.equal(errorOf(await tried.at(tried.metadata.token_endpoint, 'POST', asked)), 'invalid_grant', method)
    }
  },
  async grant_types_supported(value, { at, metadata, client }) {
    for (const grant_type of ['unknown', 'password', 'implicit', ...(value as string[])]) {
      const error = errorOf(await at(metadata.token_endpoint, 'POST', { form: form(client, { grant_type }) }))
      const known = (value as string[]).includes(grant_type)
      assert.equal(error !== 'unsupported_grant_type', known, `${grant_type} ${error}`)
    }
  },
  async pushed_authorization_request_endpoint(value, { at, client }) {
    assert.equal(errorOf(await at(value, 'POST', { form: form(client, {}) })), 'invalid_request')
  },
  async device_authorization_endpoint(value, { at }) {
    const { device_code } = (await at(value, 'POST', { form: { client_id: 'latchkey-cli' } })).json<{
      device_code: string
    }>()
    assert.match(device_code, /^dc_/)
  },
  response_types_supported: (value) => assert.deepEqual(value, []),
  async revocation_endpoint(value, { at, client }) {
    assert.equal((await at(value, 'POST', { form: form(client, { token: 'unknown' }) })).body, '{}')
  },
  async revocation_endpoint_auth_methods_supported(value, tried) {
    for (const method of value as string[]) {
      const options = await byMethod[method]?.(tried)
      assert.ok(options, `how a client proves itself by ${method}`)
      const asked = { ...options, form: { ...options.form, token: 'unknown' } }
      assert.equal((await tried.at(tried.metadata.revocation_endpoint, 'POST', asked)).body, '{}', method)
    }
  },
  async introspection_endpoint(value, { at, client }) {
    assert.equal((await at(value, 'POST', { form: form(client, { token: 'unknown' }) })).body, '{"active":false}')
  },
  async introspection_endpoint_auth_methods_supported(value, tried) {
    for (const method of value as string[]) {
      const bearer = async () => ({ as: (await tried.acme.key({ scopes: 'introspect' })).key, form: {} })
      const options = await (method === 'Bearer' ? bearer() : byMethod[method]?.(tried))
      assert.ok(options, `how a caller proves itself by ${method}`)
      const asked = { ...options, form: { ...options.form, token: 'unknown' } }
      assert.equal(
        (await tried.at(tried.metadata.introspection_endpoint, 'POST', asked)).body,
        '{"active":false}',
        method,
      )
    }
    assert.equal((value as string[]).includes('none'), false)
  },
  async userinfo_endpoint(value, tried) {
    const { access_token } = await signIn(tried)
    assert.equal((await tried.at(value, 'GET', { as: access_token })).json<{ sub: string }>().sub, tried.acme.owner)
  },
  async subject_types_supported(value, tried) {
    assert.deepEqual(sorted(value), ['pairwise', 'public'])
    const { store } = tried.launched.app
    for (const subject_type of value as ['public', 'pairwise']) {
      await store.transaction((trx) =>
        trx.updateTable('clients').set({ subject_type }).where('id', '=', tried.client.client_id).execute(),
      )
      const { sub } = decodeJwt((await signIn(tried)).id_token ?? '')
      assert.equal(sub === tried.acme.owner, subject_type === 'public')
    }
    await store.transaction((trx) => trx.updateTable('clients').set({ subject_type: 'public' }).execute())
  },
  async id_token_signing_alg_values_supported(value, tried) {
    assert.deepEqual(value, [decodeProtectedHeader((await signIn(tried)).id_token ?? '').alg])
  },
  async claims_supported(value, tried) {
    const { id_token = '', access_token } = await signIn(tried)
    const told = (await tried.at(tried.metadata.userinfo_endpoint, 'GET', { as: access_token })).json<object>()
    const names = new Set([...Object.keys(decodeJwt(id_token)), ...Object.keys(told)])
    assert.deepEqual(sorted(value), sorted([...names]))
  },
}

test('every member of the metadata is true', async (t) => {
  const launched = await launch(t)
  const acme = await world(launched)
  const client = await acme.client({ redirect_uris: ['https://app.example.com/callback'] })
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
      await prove(value, { launched, acme, client, at, metadata })
    })
})
