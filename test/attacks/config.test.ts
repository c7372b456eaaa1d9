// A configuration file is somebody's TypeScript, which nobody checks at run time: what is wrong in it is a named mistake, never a stack, and never an open door.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { type LatchkeyConfig, buildConfig } from '../../src/config/config.ts'
import { ConfigurationError } from '../../src/errors.ts'
import { command } from '../processes.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import seeds from '../../examples/seeds/latchkey.config.ts'

/** What is told of a configuration; none: it is taken. */
const mistakesOf = (file: unknown, env: NodeJS.ProcessEnv = {}): readonly string[] => {
  try {
    buildConfig(env, file as LatchkeyConfig)
    return []
  } catch (error) {
    assert.ok(error instanceof ConfigurationError, `not a named mistake: ${(error as Error).stack}`)
    return error.mistakes
  }
}

const ofApi = (api: unknown): readonly string[] => mistakesOf({ apis: { books: api } })

test('values of a wrong type are mistakes that name their place', () => {
  const wrong: [unknown, string][] = [
    [{ apis: [] }, 'apis'],
    [{ apis: 'books' }, 'apis'],
    [{ apis: { books: null } }, 'apis.books'],
    [{ apis: { books: 'echo' } }, 'apis.books'],
    [{ profiles: { own: 7 } }, 'profiles.own'],
    [{ profiles: { own: { accepts: 'api_key' } } }, 'profiles.own.accepts'],
    [{ profiles: { own: { errors: { body: 'text' } } } }, 'profiles.own.errors.body'],
    [{ profiles: { own: { errors: { contentType: 'a\r\nb: c' } } } }, 'profiles.own.errors.contentType'],
    [{ profiles: { own: { reset: 'seconds' } } }, 'profiles.own.reset'],
    [{ environments: 'live' }, 'environments'],
    [{ environments: [1] }, 'environments[0]'],
    [{ keyPrefix: 7 }, 'keyPrefix'],
    [{ formerKeyPrefixes: 'sk' }, 'formerKeyPrefixes'],
    [{ dashboardHosts: 'app.test' }, 'dashboardHosts'],
    [{ dashboardHosts: ['app.test:8000'] }, 'dashboardHosts[0]'],
    [{ dashboardHosts: [null] }, 'dashboardHosts[0]'],
    [{ defaultApi: 1 }, 'defaultApi'],
    [{ signingKeys: { rotateAfterDays: '90' } }, 'signingKeys.rotateAfterDays'],
    [{ signingKeys: { rotateAfterDays: -1 } }, 'signingKeys.rotateAfterDays'],
    [{ signingKeys: { rotateAfterDays: Number.NaN } }, 'signingKeys.rotateAfterDays'],
    [{ log: { level: 'loud' } }, 'log.level'],
    [{ log: { requests: true } }, 'log.requests'],
    [{ defaultAPI: 'books' }, 'defaultAPI'],
  ]
  for (const [file, place] of wrong) {
    const told = mistakesOf(file)
    assert.ok(
      told.some((mistake) => mistake.startsWith(`${place}: `)),
      `${JSON.stringify(file)}: ${told.join('; ')}`,
    )
  }
})

test('values of an API that would fail, or open a door, at the first request are refused at the start', () => {
  const wrong: [unknown, string][] = [
    [{ hosts: 'api.test' }, 'hosts'],
    [{ hosts: [{}] }, 'hosts[0]'],
    [{ path: 1 }, 'path'],
    [{ upstream: 1 }, 'upstream'],
    [{ upstream: { live: null } }, 'upstream.live'],
    [{ upstream: { live: 'management', test: 'echo' } }, 'upstream'],
    [{ audience: 'books' }, 'audience'],
    [{ audience: 'urn:example:books' }, 'audience'],
    [{ audience: 'https://api.test/#x' }, 'audience'],
    [{ audience: 'https://user@api.test' }, 'audience'],
    [{ audience: 'https://api.test/"x' }, 'audience'],
    [{ audience: `https://api.test/${'a'.repeat(500)}` }, 'audience'],
    [{ forwardCredential: 'false' }, 'forwardCredential'],
    [{ identity: 'JWT' }, 'identity'],
    [{ timeouts: { connectSeconds: '5' } }, 'timeouts.connectSeconds'],
    [{ timeouts: { responseSeconds: 0 } }, 'timeouts.responseSeconds'],
    [{ timeouts: { responseSeconds: Number.POSITIVE_INFINITY } }, 'timeouts.responseSeconds'],
    [{ requiredScopes: [{ path: '/v1' }] }, 'requiredScopes[0].scopes'],
    [{ requiredScopes: [{ scopes: ['write'], path: 'v1' }] }, 'requiredScopes[0].path'],
    [{ requiredScopes: [{ scopes: ['write'], path: '/%zz' }] }, 'requiredScopes[0].path'],
    [{ requiredScopes: [{ scopes: ['write'], methods: 'POST' }] }, 'requiredScopes[0].methods'],
    [{ requiredScopes: [{ scopes: ['write'], methods: ['P OST'] }] }, 'requiredScopes[0].methods[0]'],
    [{ requiredScopes: [{ scopes: ['write'], method: 'POST' }] }, 'requiredScopes[0].method'],
    [{ requiredScope: [] }, 'requiredScope'],
    [{ organization: '/v1/:organization' }, 'organization'],
    [{ organization: { path: '/v1' } }, 'organization.path'],
    [{ organization: { path: '/:organization/:organization' } }, 'organization.path'],
    [{ organization: { header: 'X Org' } }, 'organization.header'],
    [{ organization: { header: 'X-Latchkey-Organization' } }, 'organization.header'],
    [{ organization: { query: '' } }, 'organization.query'],
    [{ organization: {} }, 'organization'],
    [{ roleScopes: { viewer: 'read' } }, 'roleScopes.viewer'],
    [{ scopes: ['read'] }, 'scopes'],
    [{ accepts: 'api_key' }, 'accepts'],
    [{ accepts: [] }, 'accepts'],
    [{ presentation: { bearer: 'yes' } }, 'presentation.bearer'],
    [{ presentation: {} }, ''],
    [{ presentation: { bearer: false, header: 'X-Latchkey-Key' } }, ''],
    [{ presentation: { bearer: false, header: 'Cookie' } }, ''],
    [{ token: { lifetimeSeconds: '60' } }, 'token.lifetimeSeconds'],
    [{ limits: {} }, 'limits'],
    [{ limits: [null] }, 'limits[0]'],
    [{ limits: [{ name: 'w', per: 'credential', limit: null, period: 60 }] }, 'limits[0].limit'],
    [{ limits: [{ name: 'w', per: 'credential', limit: { free: '1' }, period: 60 }] }, 'limits[0].limit.free'],
    [
      { limits: [{ name: 'w', per: 'credential', limit: { constructor: 1, free: 1, pro: 1 }, period: 60 }] },
      'limits[0]',
    ],
    [{ limits: [{ name: 'w', per: 'credential', limit: '100', period: 60 }] }, 'limits[0].limit'],
    [{ limits: [{ name: 'w', per: 'credential', period: 60 }] }, 'limits[0].limit'],
    [{ cors: { origins: '*' } }, 'cors.origins'],
    [{ cors: {} }, 'cors.origins'],
    [{ cors: { origins: ['*'], headers: ['X\r\nSet-Cookie: a=b'] } }, 'cors.headers[0]'],
    [{ cors: { origins: ['*'], exposeHeaders: ['é'] } }, 'cors.exposeHeaders[0]'],
    [{ cors: { origins: ['*'], methods: [''] } }, 'cors.methods[0]'],
    [{ legacyTokens: { deprecatedAt: '2026-01-01', sunsetAt: '2027-01-01', link: 'x>\r\ny: z' } }, 'legacyTokens.link'],
    [
      { legacyTokens: { deprecatedAt: new Date(), sunsetAt: '2027-01-01', link: 'https://x.test' } },
      'legacyTokens.deprecatedAt',
    ],
  ]
  for (const [api, field] of wrong) {
    const told = ofApi(api)
    assert.ok(
      told.some((mistake) => mistake.startsWith(`apis.books${field && `.${field}`}: `)),
      `${JSON.stringify(api)}: ${told.join('; ') || 'taken'}`,
    )
  }
})

test('a password in the address of an upstream is refused and not repeated', () => {
  for (const user of ['me:a-password', ':a-password', 'me:a@password']) {
    const told = ofApi({ upstream: `http://${user}@127.0.0.1:9000` }).join()
    assert.match(told, /^apis\.books\.upstream: /)
    assert.doesNotMatch(told, /password/)
  }
})

test('a value that is left undefined is as good as left out', () => {
  const left = { profile: undefined, hosts: undefined, presentation: undefined, limits: undefined, token: undefined }
  assert.deepEqual(ofApi(left), [])
  const own = { accepts: undefined, presentation: undefined, limits: undefined, reset: undefined, errors: undefined }
  assert.deepEqual(mistakesOf({ profiles: { own }, apis: { books: { profile: 'own' } }, log: undefined }), [])
})

test('an API claims no built-in path on any host that carries Latchkey’s own, nor an endpoint of its authorization host', () => {
  const at = (path: string, more: object = {}): readonly string[] =>
    mistakesOf({
      dashboardHosts: ['app.test'],
      apis: { books: { hosts: ['APP.test'], path, upstream: 'echo', ...more } },
    })
  for (const path of ['/', '/api', '/api/v1', '/oauth/token', '/login', '/setup', '/.well-known', '/organizations/x'])
    assert.match(at(path).join(), /^apis\.books\.path: /, path)
  assert.deepEqual(at('/v1'), [])
  const aliased = (path: string): readonly string[] =>
    mistakesOf({ apis: { books: { hosts: ['a.test'], authorizationHosts: ['a.test'], path, upstream: 'echo' } } })
  for (const path of ['/oauth', '/token', '/oauth/token'])
    assert.match(aliased(path).join(), /^apis\.books\.path: /, path)
  for (const path of ['/', '/v1']) assert.deepEqual(aliased(path), [], path)
})

test('whatever takes the place of a value, there is no stack', () => {
  const junk = fc.oneof(
    fc.constantFrom<unknown>(
      null,
      undefined,
      true,
      0,
      -1,
      Number.NaN,
      '',
      'x',
      '/',
      'toString', // every object has one of these
      '__proto__',
      [],
      {},
      [null],
      [[]],
      { x: {} },
      Symbol('s'),
      10n,
      () => 1,
    ),
    fc.jsonValue(),
  )
  const full = {
    ...seeds,
    profiles: {
      own: { extends: 'default', presentation: { bearer: true }, token: {}, errors: { codes: {} }, limits: [] },
    },
    environments: ['live', 'test'],
    signingKeys: { rotateAfterDays: 1 },
    log: { level: 'info' },
    dashboardHosts: ['app.test'],
    apis: {
      ...seeds.apis,
      full: {
        profile: { extends: 'own' },
        requiredScopes: [{ methods: ['GET'], path: '/', scopes: ['read'] }],
        organization: { header: 'X-Organization' },
        roleScopes: { viewer: ['read'] },
        scopes: { read: 'Read' },
        cors: { origins: ['*'], methods: ['GET'] },
        limits: [{ name: 'window', per: 'credential', limit: { free: 1, pro: 2, enterprise: null }, period: 60 }],
        timeouts: { connectSeconds: 1 },
        legacyTokens: { deprecatedAt: '2026-01-01', sunsetAt: '2027-01-01', link: 'https://x.test' },
        environments: ['live'],
      },
    },
  }
  assert.deepEqual(mistakesOf(full), [])
  const places: (readonly string[])[] = []
  const visit = (value: unknown, place: readonly string[]): void => {
    if (place.length > 0) places.push(place)
    if (typeof value === 'object' && value !== null)
      for (const [name, inner] of Object.entries(value)) visit(inner, [...place, name])
  }
  visit(full, [])
  const replaced = (value: unknown, [first, ...rest]: readonly string[], by: unknown): unknown => {
    if (first === undefined) return by
    const copy = Array.isArray(value) ? [...(value as unknown[])] : { ...(value as object) }
    const members = copy as Record<string, unknown>
    members[first] = replaced(members[first], rest, by)
    return copy
  }
  fc.assert(
    fc.property(fc.constantFrom(...places), junk, (place, by) => {
      mistakesOf(replaced(full, place, by))
    }),
    { numRuns: 3000 },
  )
})

test('a command says so with status 78, all mistakes at once', async (t) => {
  const folder = temporaryFolder(t)
  const path = join(folder, 'latchkey.config.ts')
  writeFileSync(path, `export default { apis: { books: { hosts: 'api.test', audience: 7 } }, log: 'debug' }`)
  const { status, stderr } = await command(folder, ['users', 'list'], { env: { LATCHKEY_CONFIG: path, PORT: 'x' } })
  assert.equal(status, 78)
  for (const place of ['apis.books.hosts', 'apis.books.audience', 'log', 'PORT'])
    assert.ok(stderr.includes(`- ${place}: `), stderr)
  assert.doesNotMatch(stderr, /\bat \w+ \(|TypeError/)
})
