// Behind a guard an API answers as it would behind Latchkey's gateway: every status, header and body, in every profile and framework.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ApiConfig, LatchkeyConfig } from '../../src/config/config.ts'
import { createVerifier } from '../src/index.ts'
import { world } from '../../test/harness.ts'
import { type Answered, frameworks } from './frameworks.ts'
import { listening } from './latchkey.ts'

const profiles = ['smoo', 'smally', 'example', 'smoxy', 'multi', 'default']

const api = (name: string): ApiConfig => ({
  profile: name,
  hosts: [`${name}.test`],
  path: '/v1',
  upstream: 'echo',
  accepts: ['api_key', 'personal_access_token', 'legacy_token'],
  legacyTokens: { deprecatedAt: '2026-01-01', sunsetAt: '2027-12-31', link: 'https://docs.example.com/tokens' },
  limits: [
    { name: 'window', per: 'credential', limit: 3, period: 60 },
    { name: 'month', per: 'organization', limit: 20, period: 'month' },
  ],
  requiredScopes: [{ path: '/v1/admin', scopes: ['write'] }],
  organization: { header: 'X-Organization' },
})

const file: LatchkeyConfig = { apis: Object.fromEntries(profiles.map((name) => [name, api(name)])) }

/** What callers see, but for what differs from one request to the next. */
const seen = ({ status, headers, text }: Answered) => {
  const kept = [
    'www-authenticate',
    'content-type',
    'cache-control',
    'deprecation',
    'sunset',
    'link',
    'x-ratelimit-limit',
    'x-ratelimit-remaining',
    'ratelimit-policy',
  ]
  const told = Object.fromEntries(kept.map((name) => [name, headers.get(name)]))
  const moments = ['x-ratelimit-reset', 'retry-after', 'ratelimit'].map((name) =>
    headers.get(name)?.replace(/\d+/g, 'N'),
  )
  const body = status === 200 ? '' : text.replace(/"request_id":"[0-9a-f-]{36}"/, '"request_id":"…"')
  const { 'cache-control': cache, 'content-type': type, ...others } = told
  return { status, ...others, ...(status !== 200 && { cache, type }), moments, body }
}

for (const profile of profiles) {
  test(`${profile}: as the gateway, in every framework`, async (t) => {
    const latchkey = await listening(t, { file })
    const { url, verifyKey, operate, ask } = latchkey
    const verifier = createVerifier({ url, key: verifyKey.key, api: profile })
    const present = (credential: string): Record<string, string> =>
      profile === 'smoxy' ? { 'x-api-token': credential } : { authorization: `Bearer ${credential}` }

    /** The same people and credentials for each way, so that each counts by itself. */
    const scene = async (way: string) => {
      const acme = await world(latchkey)
      const legacy = `an-opaque-value-of-${profile}-${way}`
      await operate('POST', '/legacy-tokens/import', {
        lines: [{ line: 2, name: 'L', owner: acme.owner, organization: acme.organization, token: legacy }],
      })
      const keys = {
        good: await acme.key({ scopes: 'read' }),
        busy: await acme.key(),
        ended: await acme.key({ expires_in: 1 }),
        sandbox: await acme.key({ environment: 'test' }),
        held: await acme.key({ apis: [profile === 'smoo' ? 'multi' : 'smoo'] }),
      }
      return { acme, legacy, keys }
    }

    type Asked = (path: string, headers: Record<string, string>) => Promise<Answered>
    const story = async (asked: Asked, { acme, legacy, keys }: Awaited<ReturnType<typeof scene>>) => {
      const answers: Record<string, ReturnType<typeof seen>> = {}
      const note = async (what: string, path: string, headers: Record<string, string>) => {
        answers[what] = seen(await asked(path, headers))
      }
      await note('nothing sent', '/v1', {})
      await note('another scheme', '/v1', { authorization: 'Basic eDp5' })
      await note('nonsense', '/v1', present('nonsense'))
      await note('two credentials', '/v1', present(`${keys.good.key}, ${keys.good.key}`))
      await note('in the query', `/v1?access_token=${keys.good.key}`, {})
      await note('good', '/v1', present(keys.good.key))
      await note('for its organization', '/v1', { ...present(keys.good.key), 'x-organization': acme.organization })
      await note('without the scope', '/v1/admin', present(keys.good.key))
      await note('for another organization', '/v1', { ...present(keys.good.key), 'x-organization': 'another' })
      await note('a legacy token', '/v1', present(legacy))
      await note('of another environment', '/v1', present(keys.sandbox.key))
      await note('held to another API', '/v1', present(keys.held.key))
      await note('ended', '/v1', present(keys.ended.key))
      for (let i = 1; i <= 4; i++) await note(`busy ${i}`, '/v1', present(keys.busy.key))
      return answers
    }

    const scenes = new Map<string, Awaited<ReturnType<typeof scene>>>()
    for (const way of ['gateway', ...Object.keys(frameworks)]) scenes.set(way, await scene(way))
    await new Promise((resolve) => setTimeout(resolve, 1_100)) // until those of one second have ended
    const sceneOf = (way: string) => scenes.get(way) ?? assert.fail(way)
    const gateway = await story(async (path, headers) => {
      const { statusCode, headers: told, body } = await ask('GET', path, { host: `${profile}.test`, headers })
      const fields = Object.entries(told).map(([name, value]): [string, string] => [name, String(value)])
      return { status: statusCode, headers: new Headers(fields), text: body }
    }, sceneOf('gateway'))
    assert.deepEqual(
      Object.values(gateway).map(({ status }) => status),
      [401, 401, 401, 400, 401, 200, 200, 403, 403, 200, 403, 403, 401, 200, 200, 200, 429],
    )
    for (const [name, start] of Object.entries(frameworks))
      assert.deepEqual(await story(await start(t, verifier), sceneOf(name)), gateway, name)
  })
}
