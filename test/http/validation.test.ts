// What is wrong with a request is said in words that lead out, and never with the value that was sent.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { launch } from '../harness.ts'

test('a request that its schema refuses is told what would be right', async (t) => {
  const { app, ask } = await launch(t)
  const refused = async (method: string, url: string, body?: object) => {
    const answer = await ask(method, `/api/v1${url}`, { headers: app.operatorHeaders(), ...(body && { body }) })
    assert.equal(answer.statusCode, 400)
    return answer.json<{ detail: string }>().detail
  }
  const id = '01977e4c-9d7a-7c3e-8a53-1c2f3a4b5c6d'
  const keys = `/organizations/${id}/api-keys`
  assert.equal(
    await refused('GET', '/organizations/acme'),
    'params.organization_id must be an id: a lower-case UUIDv7.',
  )
  assert.equal(await refused('POST', keys, { name: '' }), 'body.name must not be empty.')
  assert.equal(await refused('POST', keys, { name: '\t' }), 'body.name must not be blank, nor hold control characters.')
  assert.equal(await refused('POST', keys, { name: 'x'.repeat(201) }), 'body.name must have at most 200 characters.')
  assert.equal(
    await refused('POST', keys, { name: 'x', scopes: 'read  write' }),
    'body.scopes must be scopes, separated by single spaces.',
  )
  assert.equal(await refused('POST', keys, { name: 'x', scope: 'read' }), 'body has no field "scope".')
  assert.equal(
    await refused('POST', keys, { name: 'x', 'hunter2 is my password': 1 }),
    'body has a field that is not known here.',
  )
  assert.match(
    await refused('POST', `/organizations/${id}/clients`, { name: 'x', grants: ['password'] }),
    /^body\.grants\.0 must be one of authorization_code, .*client_credentials/,
  )
})
