// OpenID Connect Core §5.3, RFC 6750 §3: who a person is, for the token that may know it and for nothing else.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeJwt } from 'jose'
import { type LaunchOptions, launch, stoppedClock, world } from '../harness.ts'
import { allowed, type AllowedOptions } from './allowed.ts'

const start = '2026-02-01T12:00:00Z'
const redirect_uris = ['https://app.example.com/callback']

const setUp = async (t: Parameters<typeof launch>[0], options: LaunchOptions = {}) => {
  const clock = stoppedClock(start)
  const launched = await launch(t, { now: clock, ...options })
  const acme = await world(launched)
  const made = await acme.client({ redirect_uris })
  const client = { client_id: made.client_id, client_secret: made.client_secret }
  return {
    launched,
    clock,
    acme,
    client,
    allow: (options: Partial<AllowedOptions> = {}) =>
      allowed(
        launched,
        {
          client,
          userId: acme.owner,
          organizationId: acme.organization,
          scope: 'openid profile email',
          api: 'example',
          ...options,
        },
        clock(),
      ),
    userinfo: (as?: string, method = 'GET', headers: Record<string, string> = {}) =>
      launched.ask(method, '/oauth/userinfo', { ...(as !== undefined && { as }), headers }),
  }
}

test('userinfo', async (t) => {
  const { launched, clock, acme, client, allow, userinfo } = await setUp(t)
  const person = await launched.operate<{ email: string; name: string }>('GET', `/users/${acme.owner}`)

  await t.test('§5.3.2: the claims that the scopes open, by GET and by POST', async () => {
    const opened = { name: person.name, email: person.email, email_verified: false }
    for (const [scope, claims] of [
      ['openid', {}],
      ['openid profile', { name: opened.name }],
      ['openid email', { email: opened.email, email_verified: false }],
      ['openid profile email read', opened],
    ] as const) {
      const { access_token, id_token = '' } = await allow({ scope })
      for (const method of ['GET', 'POST']) {
        const answer = await userinfo(access_token, method)
        assert.equal(answer.statusCode, 200, answer.body)
        assert.deepEqual(answer.json(), { sub: acme.owner, ...claims })
        assert.match(String(answer.headers['content-type']), /^application\/json/)
        assert.equal(answer.headers['cache-control'], 'no-store')
      }
      assert.equal(decodeJwt(id_token).sub, acme.owner, 'the same subject (§5.3.2)')
    }
  })

  await t.test('§5.1: an address is verified once somebody who reads its mail has shown it', async () => {
    const { access_token } = await allow({ scope: 'openid email' })
    const verifiedAt = (email_verified_at: number | null) =>
      launched.app.store.transaction((trx) =>
        trx.updateTable('users').set({ email_verified_at }).where('id', '=', acme.owner).execute(),
      )
    await verifiedAt(clock())
    assert.equal((await userinfo(access_token)).json<{ email_verified: boolean }>().email_verified, true)
    await verifiedAt(null)
    assert.equal((await userinfo(access_token)).json<{ email_verified: boolean }>().email_verified, false)
  })

  await t.test('with a token of any API, Latchkey’s own among them, whatever its form', async () => {
    const issuing = [...launched.config.apis.values()].filter(({ profile }) => profile.accepts.includes('oauth_token'))
    assert.ok(issuing.some(({ profile }) => profile.token.algorithm === 'HS256'))
    for (const { name: api } of [...issuing, launched.config.management])
      assert.equal((await userinfo((await allow({ api })).access_token)).statusCode, 200, api)
  })

  await t.test('§8: a pairwise subject, the same as in the id_token', async () => {
    await launched.app.store.transaction((trx) =>
      trx.updateTable('clients').set({ subject_type: 'pairwise' }).where('id', '=', client.client_id).execute(),
    )
    const { access_token, id_token = '' } = await allow()
    const { sub } = (await userinfo(access_token)).json<{ sub: string }>()
    assert.equal(sub, decodeJwt(id_token).sub)
    assert.notEqual(sub, acme.owner)
    await launched.app.store.transaction((trx) =>
      trx.updateTable('clients').set({ subject_type: 'public' }).where('id', '=', client.client_id).execute(),
    )
  })

  await t.test(
    'RFC 6750 §3: no token, the challenge alone; a bad one, invalid_token; too little, insufficient_scope',
    async () => {
      const none = await userinfo()
      assert.equal(none.statusCode, 401)
      assert.equal(none.headers['www-authenticate'], 'Bearer realm="latchkey"')
      const { access_token, id_token = '' } = await allow()
      const [head, claims, signature] = access_token.split('.') as [string, string, string]
      const bad = [
        'x',
        `${head}.${claims}.${signature.slice(0, -4)}AAAA`,
        `${head}.${claims}.`,
        id_token,
        (await acme.key()).key,
        (await acme.token()).token,
        'a'.repeat(9000),
      ]
      for (const token of bad) {
        const answer = await userinfo(token)
        assert.equal(answer.statusCode, 401, token.slice(0, 40))
        assert.equal(answer.headers['www-authenticate'], 'Bearer realm="latchkey", error="invalid_token"')
        assert.equal(answer.json<{ error: string }>().error, 'invalid_token')
      }
      const narrow = await userinfo((await allow({ scope: 'read' })).access_token)
      assert.equal(narrow.statusCode, 403)
      assert.equal(
        narrow.headers['www-authenticate'],
        'Bearer realm="latchkey", error="insufficient_scope", scope="openid"',
      )
      assert.equal(narrow.json<{ error: string }>().error, 'insufficient_scope')
    },
  )

  await t.test('a client for itself is nobody, and an exchanged token neither', async () => {
    const own = await acme.client({ grants: ['client_credentials'], apis: ['example'] })
    const form = { grant_type: 'client_credentials', client_id: own.client_id, client_secret: own.client_secret }
    const { access_token } = (await launched.ask('POST', '/oauth/token', { form })).json<{ access_token: string }>()
    assert.equal((await userinfo(access_token)).statusCode, 403)
    const widened = await launched.ask('POST', '/oauth/token', { form: { ...form, scope: 'openid' } })
    assert.equal(widened.json<{ error: string }>().error, 'invalid_scope')
    const exchanged = await launched.ask('POST', '/oauth/token', {
      form: {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: (await acme.token()).token,
        subject_token_type: 'urn:latchkey:params:oauth:token-type:personal-access-token',
        requested_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        audience: 'latchkey',
      },
    })
    assert.equal((await userinfo(exchanged.json<{ access_token: string }>().access_token)).statusCode, 403)
  })

  await t.test('RFC 6750 §2: the header, once; neither query nor body', async () => {
    const { access_token } = await allow()
    assert.equal((await launched.ask('GET', `/oauth/userinfo?access_token=${access_token}`)).statusCode, 401)
    const inBody = await launched.ask('POST', '/oauth/userinfo', { form: { access_token } })
    assert.equal(inBody.statusCode, 400)
    const twice = await launched.ask('POST', '/oauth/userinfo', { as: access_token, form: { access_token } })
    assert.equal(twice.statusCode, 400)
    const joined = await launched.ask('GET', '/oauth/userinfo', {
      headers: { authorization: `Bearer ${access_token}, Bearer ${access_token}` },
    })
    assert.equal(joined.statusCode, 400)
    const basic = await launched.ask('GET', '/oauth/userinfo', { headers: { authorization: `Basic ${access_token}` } })
    assert.equal(basic.statusCode, 401)
  })

  await t.test('§5.3: from a page of any origin, without its cookies', async () => {
    const origin = 'https://app.example.com'
    const preflight = await userinfo(undefined, 'OPTIONS', {
      origin,
      'access-control-request-method': 'GET',
      'access-control-request-headers': 'authorization',
    })
    assert.equal(preflight.statusCode, 204)
    assert.match(String(preflight.headers['access-control-allow-headers']), /Authorization/)
    for (const answer of [
      preflight,
      await userinfo((await allow()).access_token, 'GET', { origin }),
      await userinfo(),
    ]) {
      assert.equal(answer.headers['access-control-allow-origin'], '*')
      assert.equal(answer.headers['access-control-allow-credentials'], undefined)
    }
  })

  await t.test('expired, revoked, suspended and removed count at once', async () => {
    const refused = async (what: string, token: string) => assert.equal((await userinfo(token)).statusCode, 401, what)
    const other = await world(launched)
    const as = { userId: other.owner, organizationId: other.organization }
    const { access_token } = await allow(as)
    assert.equal((await userinfo(access_token)).statusCode, 200)
    await launched.operate('PATCH', `/users/${other.owner}`, { suspended: true })
    await refused('the person is suspended', access_token)
    await launched.operate('PATCH', `/users/${other.owner}`, { suspended: false })
    assert.equal((await userinfo(access_token)).statusCode, 200)
    await launched.operate('PATCH', `/organizations/${other.organization}`, { suspended: true })
    await refused('the organization is suspended', access_token)
    await launched.operate('PATCH', `/organizations/${other.organization}`, { suspended: false })
    await launched.app.store.transaction((trx) =>
      trx.updateTable('grants').set({ revoked_at: clock() }).where('user_id', '=', other.owner).execute(),
    )
    await refused('the grant is revoked', access_token)
    const second = (await allow(as)).access_token
    clock.advance(86_400_000)
    await refused('it has expired', second)
    const third = (await allow(as)).access_token
    await launched.operate('DELETE', `/organizations/${other.organization}`)
    await launched.operate('DELETE', `/users/${other.owner}`)
    await refused('the person is gone', third)
  })
})

test('userinfo spends no limit of the API, and works when the API’s is used up', async (t) => {
  const { launched, acme, allow, userinfo } = await setUp(t, {
    file: {
      apis: {
        example: {
          hosts: ['api.example.localhost'],
          upstream: 'echo',
          limits: [{ name: 'window', per: 'credential', limit: 2, period: 60 }],
        },
      },
    },
  })
  const { access_token } = await allow({ scope: 'openid read' })
  const call = () => launched.ask('GET', '/', { host: 'api.example.localhost', as: access_token })
  for (let time = 0; time < 5; time++) assert.equal((await userinfo(access_token)).statusCode, 200)
  assert.equal((await call()).headers['x-ratelimit-remaining'], '1')
  assert.equal((await call()).statusCode, 200)
  assert.equal((await call()).statusCode, 429)
  assert.equal((await userinfo(access_token)).json<{ sub: string }>().sub, acme.owner)
})

test('which organization a call would be for does not matter: who has several is one person', async (t) => {
  const { launched, acme, allow, userinfo } = await setUp(t, {
    file: {
      apis: {
        example: {
          hosts: ['api.example.localhost'],
          upstream: 'echo',
          limits: [{ name: 'month', per: 'organization', limit: 1000, period: 'month' }],
        },
      },
    },
  })
  await launched.operate('POST', '/organizations', { name: 'Second', owner: acme.owner })
  const { access_token } = await allow({ organizationId: undefined, allOrganizations: true })
  assert.equal((await launched.ask('GET', '/', { host: 'api.example.localhost', as: access_token })).statusCode, 400)
  assert.equal((await userinfo(access_token)).statusCode, 200)
})
