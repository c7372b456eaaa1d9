// What a request demands by its path, header and query, so that no other spelling of it demands less.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { launch, world } from '../harness.ts'
import { type Answered, send, serve } from './wire.ts'

const json = ({ body }: Answered) => JSON.parse(body) as Record<string, unknown>

test('scopes and organizations that a request demands, in every spelling of its path', async (t) => {
  const file = {
    apis: {
      one: {
        hosts: ['api.test'],
        upstream: 'echo',
        scopes: { read: 'Read', write: 'Write', admin: 'Administer' },
        requiredScopes: [
          { methods: ['GET'], scopes: ['read'] },
          { methods: ['POST', 'DELETE'], scopes: ['write'] },
          { path: '/v1/admin', scopes: ['admin'] },
        ],
        organization: { path: '/v1/organizations/:organization', header: 'X-Organization', query: 'organization' },
      },
    },
  }
  const launched = await launch(t, { file })
  const people = await world(launched)
  const other = await world(launched)
  const { key } = await people.key({ scopes: 'read' })
  const port = await serve(t, launched)
  const ask = (path: string, { method = 'GET', headers = [] as string[] } = {}) =>
    send(port, { method, path, headers: ['Host', 'api.test', 'Authorization', `Bearer ${key}`, ...headers] })

  assert.equal((await ask('/v1/things')).status, 200)
  assert.equal((await ask('/v1/things', { method: 'HEAD' })).status, 200)
  const refused = await ask('/v1/things', { method: 'POST' })
  assert.equal(refused.status, 403)
  assert.match(refused.headers['www-authenticate'] ?? '', /error="insufficient_scope", scope="write"/)
  for (const path of [
    '/v1/admin',
    '/v1/admin/',
    '/v1/admin/users',
    '/V1/Admin',
    '/v1/%61dmin',
    '/v1/admin;x=1',
    '/v1;a/admin',
    '/v1/admin%3Bx',
    '/v1/admin.json',
  ])
    assert.equal((await ask(path)).status, 403, path)
  assert.equal((await ask('/v1/administrators')).status, 200)

  const own = people.organization
  assert.equal((await ask(`/v1/organizations/${own}/users`)).status, 200)
  for (const path of [
    `/v1/organizations/${other.organization}`,
    `/V1/ORGANIZATIONS/${other.organization}/x`,
    `/v1/organizations;x/${other.organization};y`,
    `/v1/%6Frganizations/${other.organization}`,
    `/v1/x?organization=${other.organization}`,
    `/v1/x?Organization=${other.organization}`,
  ]) {
    const answer = await ask(path)
    assert.equal(answer.status, 403, path)
    assert.equal(json(answer).code, 'organization_forbidden')
  }
  assert.equal((await ask('/v1/x', { headers: ['X-Organization', own] })).status, 200)
  assert.equal((await ask('/v1/x', { headers: ['x-organization', other.organization] })).status, 403)
  assert.equal(
    (await ask('/v1/x', { headers: ['X-Organization', own, 'X_Organization', other.organization] })).status,
    400,
  )
  assert.equal((await ask(`/v1/x?organization=${own}&organization=${own}`)).status, 400)
  assert.equal(
    (await ask(`/v1/x?organization=${own}`, { headers: ['X-Organization', other.organization] })).status,
    400,
  )
})
