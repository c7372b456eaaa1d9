// What a person has allowed an application, taken back in every way there is: cached answers about it are dropped, and no others.
import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { documentId, scene } from '../../test/accounts/applications-scene.ts'
import { createVerifier } from '../src/index.ts'
import { until } from './latchkey.ts'

test('an application revoked, a refresh token used twice, and an access token given back are heard of', async (t) => {
  const ada = await scene(t)
  const { launched, clientId, connect, refresh, clock, organization } = ada
  clock.at = Date.now()
  const { server } = launched.app
  await server.listen({ port: 0, host: '127.0.0.1' })
  const url = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`
  const { key } = await launched.operate<{ key: string }>('POST', `/organizations/${organization}/api-keys`, {
    name: 'Asker',
    user_id: ada.ada,
    scopes: 'verify',
  })
  const verifier = createVerifier({ url, key, mode: 'cached', maxAgeSeconds: 300, maxAgeWithoutStreamSeconds: 0 })
  t.after(() => verifier.close())
  /** That a scope is lacking is told from what is kept, and costs nothing. */
  const isKept = (token: string): boolean =>
    verifier.verifyNow(token, { scopes: ['none'] })?.code === 'insufficient_scope'
  const keep = async (token: string): Promise<boolean> => {
    assert.equal((await verifier.verify(token)).outcome, 'valid')
    return isKept(token)
  }
  const ends = (token: string) => until(async () => (await verifier.verify(token)).code === 'invalid_api_key')

  const other = (await connect(documentId)).access_token
  await until(() => keep(other))
  const stolen = await connect(clientId)
  await until(() => keep(stolen.access_token))
  const first = await refresh(clientId, stolen.refresh_token ?? '')
  assert.equal(first.status, 200)
  clock.advance(120_000)
  await refresh(clientId, stolen.refresh_token ?? '')
  await ends(stolen.access_token)
  assert.ok(isKept(other))

  const given = (await connect(clientId)).access_token
  await until(() => keep(given))
  const { statusCode } = await launched.ask('POST', '/oauth/revoke', { form: { token: given, client_id: clientId } })
  assert.equal(statusCode, 200)
  await ends(given)
  assert.ok(isKept(other))

  const allowed = (await connect(clientId)).access_token
  await until(() => keep(allowed))
  await launched.operate('DELETE', `/users/${ada.ada}/applications/${clientId}`)
  await ends(allowed)
  assert.ok(isKept(other), 'another application’s are not touched')
})
