// Environments: configured names, marked and unmarked keys, an upstream each, and what a client’s tokens carry.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { launch, world } from '../harness.ts'

test('names are the configuration’s; the first is that of unmarked keys; a swapped one fails before any look-up', async (t) => {
  const launched = await launch(t, {
    file: {
      environments: ['prod', 'staging', 'dev'],
      keyPrefix: 'acme',
      formerKeyPrefixes: ['sk'],
      apis: {
        all: { hosts: ['all.test'], upstream: { prod: 'echo', staging: 'echo' } },
        first: { hosts: ['first.test'], upstream: 'echo' },
      },
    },
  })
  const people = await world(launched)
  const keys: Record<string, string> = { unmarked: (await people.key()).key }
  for (const environment of ['prod', 'staging', 'dev']) {
    keys[environment] = (await people.key({ environment })).key
    assert.match(keys[environment] ?? '', new RegExp(`^acme_${environment}_[0-9a-f]{64}$`))
  }
  assert.match(keys.unmarked ?? '', /^acme_[0-9a-f]{64}$/)
  const ask = async (host: string, as: string | undefined) => {
    const { statusCode, body } = await launched.ask('GET', '/', { host, ...(as && { as }) })
    const told = JSON.parse(body) as { upstream?: string; code?: string }
    return `${statusCode} ${told.upstream ?? told.code}`
  }
  assert.equal(await ask('all.test', keys.unmarked), '200 prod')
  assert.equal(await ask('all.test', keys.prod), '200 prod')
  assert.equal(await ask('all.test', keys.staging), '200 staging')
  assert.equal(await ask('all.test', keys.dev), '403 environment_mismatch')
  assert.equal(await ask('first.test', keys.unmarked), '200 prod')
  assert.equal(await ask('first.test', keys.staging), '403 environment_mismatch')
  const looked = t.mock.method(launched.app.store.lookups, 'credentialByHash')
  assert.equal(await ask('all.test', keys.prod?.replace('_prod_', '_staging_')), '401 invalid_api_key')
  assert.equal(await ask('all.test', keys.prod?.replace('acme_prod_', 'acme_')), '401 invalid_api_key')
  assert.equal(await ask('all.test', keys.prod?.replace('acme_', 'sk_')), '401 invalid_api_key')
  assert.equal(looked.mock.callCount(), 0, 'the checksum covers the prefix and the environment')
  await assert.rejects(people.key({ environment: 'live' }), /400/)
})

test('a former prefix stays accepted, one that never was is not', async (t) => {
  const apis = { one: { hosts: ['one.test'], upstream: 'echo' } }
  const before = await launch(t, { file: { apis } })
  const { key } = await (await world(before)).key()
  await before.app.close()
  const ask = async (file: object) => {
    const launched = await launch(t, { file: { apis, ...file }, folder: before.folder })
    const { statusCode } = await launched.ask('GET', '/', { host: 'one.test', as: key })
    await launched.app.close()
    return statusCode
  }
  assert.equal(await ask({ keyPrefix: 'acme', formerKeyPrefixes: ['old', 'sk'] }), 200)
  assert.equal(await ask({ keyPrefix: 'acme' }), 401)
})

test('a client has one, and its tokens carry it', async (t) => {
  const launched = await launch(t, {
    file: {
      apis: {
        both: { hosts: ['both.test'], upstream: { live: 'echo', test: 'echo' } },
        live: { hosts: ['live.test'], upstream: 'echo' },
      },
    },
  })
  const people = await world(launched)
  for (const environment of ['live', 'test']) {
    const { client_id, client_secret } = await people.client({ environment })
    const issue = (api: string) =>
      launched.ask('POST', '/oauth/token', {
        form: {
          grant_type: 'client_credentials',
          client_id,
          client_secret,
          resource: launched.config.apis.get(api)?.audience ?? '',
        },
      })
    const { access_token } = (await issue('both')).json<{ access_token: string }>()
    const inspected = await launched.operate<{ claims: { env: string } }>('POST', '/inspect', { token: access_token })
    assert.equal(inspected.claims.env, environment)
    const { upstream, principal } = (await launched.ask('GET', '/', { host: 'both.test', as: access_token })).json<{
      upstream: string
      principal: { environment: string }
    }>()
    assert.deepEqual([upstream, principal.environment], [environment, environment])
    assert.equal((await issue('live')).statusCode, environment === 'live' ? 200 : 400)
  }
})
