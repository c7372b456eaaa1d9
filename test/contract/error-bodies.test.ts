// One refusal of each status at each profile: the body has exactly the documented members, and the status the profile's type.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LatchkeyConfig } from '../../src/config/config.ts'
import { launch, stoppedClock, world } from '../harness.ts'

const profiles = ['smoo', 'smally', 'example', 'smoxy', 'multi', 'default'] as const
type Name = (typeof profiles)[number]

const file: LatchkeyConfig = {
  apis: Object.fromEntries(
    profiles.map((name) => [
      name,
      {
        profile: name,
        hosts: [`${name}.test`],
        path: '/v1',
        upstream: 'echo',
        accepts: ['api_key'],
        presentation: { bearer: true },
        limits: [{ name: 'window', per: 'credential', limit: 5, period: 60 }],
        requiredScopes: [{ path: '/v1/admin', scopes: ['write'] }],
        organization: { header: 'X-Organization' },
      },
    ]),
  ),
}

/** What the body of each profile is made of. */
const members: Record<Name, readonly string[]> = {
  smoo: ['error', 'message'],
  smally: ['error', 'message'],
  example: ['error', 'error_description'],
  smoxy: ['error', 'message'],
  multi: ['error'],
  default: ['code', 'detail', 'request_id', 'status', 'title', 'type'],
}

const typeOf = (status: number): string =>
  status === 401 || status === 403
    ? 'authentication_error'
    : status === 429
      ? 'rate_limit_error'
      : status >= 500
        ? 'api_error'
        : 'invalid_request_error'

for (const profile of profiles) {
  test(`${profile}: each refusal has its code and the documented members`, async (t) => {
    const clock = stoppedClock('2026-05-05T00:00:00Z')
    const launched = await launch(t, { file, now: clock })
    const acme = await world(launched)
    const other = await world(launched)
    const { key } = await acme.key({ scopes: 'read' })
    const ended = await acme.key({ expires_in: 1 })
    const sandbox = await acme.key({ environment: 'test' })
    const held = await acme.key({ apis: ['latchkey'] })
    clock.advance(1000)
    const check = async (
      status: number,
      code: string,
      url: string,
      as: string | undefined,
      headers: Record<string, string> = {},
    ): Promise<string> => {
      const response = await launched.ask('GET', url, { host: `${profile}.test`, headers, ...(as && { as }) })
      const body = response.json<Record<string, unknown>>()
      const what = `${url} ${code}: ${response.statusCode} ${response.body}`
      assert.equal(response.statusCode, status, what)
      assert.deepEqual(Object.keys(body).toSorted(), members[profile], what)
      assert.match(
        String(response.headers['content-type']),
        profile === 'default' ? /^application\/problem\+json/ : /^application\/json/,
      )
      assert.ok(response.headers['x-request-id'])
      if (profile === 'multi') {
        const error = body.error as Record<string, unknown>
        assert.deepEqual(Object.keys(error), ['type', 'code', 'message'], what)
        assert.deepEqual([error.type, error.code, typeof error.message], [typeOf(status), code, 'string'], what)
        return String(error.message)
      }
      if (profile === 'default') {
        assert.deepEqual([body.status, body.code, body.type], [status, code, 'about:blank'], what)
        assert.equal(body.request_id, response.headers['x-request-id'])
        return String(body.detail)
      }
      assert.equal(body.error, code, what)
      return String(body[members[profile][1] as string])
    }
    const invalid = await check(401, 'invalid_api_key', '/v1', undefined)
    assert.equal(await check(401, 'invalid_api_key', '/v1', 'nonsense'), invalid)
    if (profile === 'smally') assert.equal(await check(401, 'invalid_api_key', '/v1', ended.key), 'Invalid API key')
    else assert.notEqual(await check(401, 'expired_token', '/v1', ended.key), invalid)
    if (profile === 'smally') assert.equal(invalid, 'Invalid API key')
    if (profile === 'multi') assert.equal(invalid, 'The API key provided is invalid')
    await check(403, 'insufficient_scope', '/v1/admin', key)
    await check(403, 'organization_forbidden', '/v1', key, { 'x-organization': other.organization })
    await check(403, 'environment_mismatch', '/v1', sandbox.key)
    await check(403, 'forbidden', '/v1', held.key)
    await check(400, 'invalid_request', '/v1', 'one, two')
    await check(400, 'invalid_request', '/v1/a%2fb', key)
    await check(404, 'not_found', '/elsewhere', key)
    for (let i = 0; i < 4; i++)
      assert.equal((await launched.ask('GET', '/v1', { host: `${profile}.test`, as: key })).statusCode, 200)
    const limited = await check(429, 'rate_limit_exceeded', '/v1', key)
    if (profile === 'smally') assert.equal(limited, 'Monthly quota exhausted')
    for (const lookup of ['keptByHash', 'credentialByHash'] as const)
      t.mock.method(launched.app.store.lookups, lookup, () => {
        throw Object.assign(new Error('database is locked'), { code: 'ERR_SQLITE_ERROR', errcode: 5 })
      })
    await check(503, 'temporarily_unavailable', '/v1', key)
    for (const lookup of ['keptByHash', 'credentialByHash'] as const)
      t.mock.method(launched.app.store.lookups, lookup, () => {
        throw new Error('a defect that says /home/secret')
      })
    assert.doesNotMatch(await check(500, 'internal_error', '/v1', key), /secret|defect/)
  })
}
