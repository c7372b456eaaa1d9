// The management client: every operation of the server's own description, typed, paged, and refused with the server's words.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LatchkeyError, createManagementClient } from '../src/management.ts'
import { operations } from '../src/management/generated.ts'
import { listening } from './latchkey.ts'

test('an organization’s keys are made, listed page by page, rotated and revoked', async (t) => {
  const { url, acme } = await listening(t, { file: { apis: { books: {} } } })
  const { token } = await acme.token()
  const latchkey = createManagementClient({ url, key: async () => token })
  const organization_id = acme.organization
  const made: string[] = []
  for (let i = 0; i < 7; i++) {
    const { id, key } = await latchkey.createApiKey({ organization_id, body: { name: `Key ${i}`, scopes: 'read' } })
    assert.match(key, /^sk_/)
    made.push(id)
  }
  const page = await latchkey.listApiKeys({ organization_id, limit: 3, q: 'Key' })
  assert.equal(page.data.length, 3)
  assert.notEqual(page.next_cursor, null)
  const listed: string[] = []
  for await (const { id, name } of latchkey.each.listApiKeys({ organization_id, limit: 3, q: 'Key ' })) {
    assert.match(name, /^Key \d$/)
    listed.push(id)
  }
  assert.deepEqual(listed.toSorted(), made.toSorted())
  const [first = ''] = made
  const rotated = await latchkey.rotateApiKey({ key_id: first, body: { overlap_seconds: 0 } })
  assert.equal(rotated.replaces, first)
  assert.notEqual((await latchkey.getApiKey({ key_id: first })).revoked_at, null)
  assert.notEqual((await latchkey.revokeApiKey({ key_id: rotated.id })).revoked_at, null)
  assert.equal((await latchkey.describeCaller()).kind, 'personal_access_token')
  const exported = await latchkey.exportOrganizationAudit({ organization_id, format: 'csv' })
  assert.match(await exported.text(), /api_key\.revoked/)
})

test('a refusal is an error with the server’s code, and holds no secret', async (t) => {
  const { url, acme } = await listening(t, { file: { apis: { books: {} } } })
  const { token } = await acme.token()
  const latchkey = createManagementClient({ url, key: token })
  const errorOf = async (work: Promise<unknown>): Promise<LatchkeyError> => {
    const error = await work.then(
      () => assert.fail('it was not refused'),
      (thrown: unknown) => thrown,
    )
    assert.ok(error instanceof LatchkeyError)
    assert.ok(!JSON.stringify({ ...error, message: error.message }).includes(token))
    return error
  }
  const missing = await errorOf(latchkey.getApiKey({ key_id: acme.organization }))
  assert.deepEqual([missing.status, missing.code], [404, 'not_found'])
  assert.match(missing.requestId ?? '', /^[0-9a-f-]{36}$/)
  assert.equal((await errorOf(latchkey.listUsers())).code, 'forbidden')
  const wrong = await errorOf(
    latchkey.createApiKey({ organization_id: acme.organization, body: { name: 'X', expires_in: -1 } }),
  )
  assert.equal(wrong.code, 'invalid_request')
  assert.match(wrong.message, /expires_in/)
  const stranger = createManagementClient({ url, key: 'nonsense' })
  assert.deepEqual((await errorOf(stranger.describeCaller())).status, 401)
  const nobody = createManagementClient({ url: 'http://127.0.0.1:1', key: token })
  assert.deepEqual([(await errorOf(nobody.describeCaller())).code], ['unreachable'])
  // a segment that is missing would lead elsewhere
  for (const key_id of ['', '.', '..']) await assert.rejects(latchkey.getApiKey({ key_id }), TypeError)
  const encoded: string[] = []
  const noting = createManagementClient({
    url,
    key: token,
    fetch: async (input) => {
      encoded.push(input)
      return new Response('{}')
    },
  })
  await noting.getApiKey({ key_id: '../users?x=1#' })
  assert.deepEqual(encoded, [`${url}/api/v1/api-keys/..%2Fusers%3Fx%3D1%23`])
})

test('every operation of the server is there', async (t) => {
  const { app } = await listening(t, { file: { apis: { books: {} } } })
  const { paths = {} } = app.server.swagger() as unknown as {
    paths?: Record<string, Record<string, { operationId: string }>>
  }
  const listed = Object.entries(paths)
    .filter(([path]) => path.startsWith('/api/v1/'))
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId }]) => `${operationId} ${method.toUpperCase()} ${path}`),
    )
  const known = Object.entries(operations).map(([name, [method, path]]) => `${name} ${method} ${path}`)
  assert.deepEqual(known.toSorted(), listed.toSorted())
})
