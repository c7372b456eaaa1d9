// Introspection, revocation, pushed requests, device authorization and userinfo (RFC 7662, RFC 7009, RFC 9126, RFC 8628 §3.1, OpenID Connect Core §5.3).
import { rightRequest } from './authorize-cases.ts'
import {
  type Case,
  type ClientName,
  type Got,
  jsonOf,
  observedAnswer,
  observedAuthorization,
  type Side,
} from './side.ts'
import { answered, basic, codeOf, type Fields, post, tokensOf } from './steps.ts'

/** A token, and what is asked of it at introspection or revocation. */
const tokenQuestions = (endpoint: 'introspect' | 'revoke'): Case[] => {
  const path = `/oauth/${endpoint}`
  const observed = (got: Got): string =>
    [
      observedAnswer(got),
      ...(endpoint === 'introspect' && got.status === 200 ? [`active ${String(jsonOf(got).active)}`] : []),
    ].join(', ')
  const of = (
    name: string,
    fields: (side: Side) => Promise<Fields> | Fields,
    by: ClientName | undefined = 'web',
    more: [string, string][] = [],
  ): Case => ({
    name: `${endpoint}: ${name}`,
    run: async (side) => observed(await post(side, path, by, await fields(side), more)),
  })
  return [
    of('an access token', async (side) => ({ token: (await tokensOf(side)).access_token })),
    of('a refresh token', async (side) => ({ token: (await tokensOf(side)).refresh_token })),
    of('a refresh token with its hint', async (side) => ({
      token: (await tokensOf(side)).refresh_token,
      token_type_hint: 'refresh_token',
    })),
    of('a refresh token with the wrong hint', async (side) => ({
      token: (await tokensOf(side)).refresh_token,
      token_type_hint: 'access_token',
    })),
    of('an unknown hint', async (side) => ({ token: (await tokensOf(side)).access_token, token_type_hint: 'unknown' })),
    of('an unknown token', () => ({ token: 'unknown' })),
    of('a token of 9,000 characters', () => ({ token: 'x'.repeat(9000) })),
    of('an id_token', async (side) => ({ token: (await tokensOf(side)).id_token })),
    of('a code', async (side) => ({ token: await codeOf(side) })),
    of('no token', () => ({})),
    of('an empty token', () => ({ token: '' })),
    of('the token twice', () => ({ token: 'x' }), 'web', [['token', 'x']]),
    of('the hint twice', () => ({ token: 'x', token_type_hint: 'access_token' }), 'web', [
      ['token_type_hint', 'access_token'],
    ]),
    of('a refresh token of another client', async (side) => ({ token: (await tokensOf(side, 'other')).refresh_token })),
    of('an access token of another client', async (side) => ({ token: (await tokensOf(side, 'other')).access_token })),
    of(
      'by a public client, its own token',
      async (side) => ({ token: (await tokensOf(side, 'native')).access_token }),
      'native',
    ),
    of('by a public client, an unknown token', () => ({ token: 'unknown' }), 'native'),
    of('by a client without the code grant', () => ({ token: 'unknown' }), 'machine'),
    {
      name: `${endpoint}: by nobody`,
      run: async (side) => observed(await side.send({ method: 'POST', path, form: [['token', 'unknown']] })),
    },
    {
      name: `${endpoint}: by an unknown client`,
      run: async (side) =>
        observed(
          await side.send({
            method: 'POST',
            path,
            form: [
              ['token', 'x'],
              ['client_id', 'unknown'],
            ],
          }),
        ),
    },
    {
      name: `${endpoint}: with a wrong secret`,
      run: async (side) =>
        observed(
          await side.send({
            method: 'POST',
            path,
            headers: basic({ ...side.clients.web, client_secret: 'wrong' }),
            form: [['token', 'unknown']],
          }),
        ),
    },
    {
      name: `${endpoint}: JSON`,
      run: async (side) =>
        observed(
          await side.send({
            method: 'POST',
            path,
            headers: { ...basic(side.clients.web), 'content-type': 'application/json' },
            body: '{"token":"x"}',
          }),
        ),
    },
    {
      name: `${endpoint}: by GET`,
      run: async (side) =>
        observed(await side.send({ method: 'GET', path, query: [['token', 'x']], headers: basic(side.clients.web) })),
    },
  ]
}

const userinfo = (side: Side, token: string, method: 'GET' | 'POST' = 'GET') =>
  side.send({ method, path: '/oauth/userinfo', headers: { authorization: `Bearer ${token}` } })

const afterRevocation: Case[] = (['access_token', 'refresh_token'] as const).flatMap((revoked) => [
  answered(`userinfo after the ${revoked} was revoked`, async (side) => {
    const tokens = await tokensOf(side)
    await post(side, '/oauth/revoke', 'web', { token: tokens[revoked] })
    return userinfo(side, tokens.access_token)
  }),
  answered(`refresh after the ${revoked} was revoked`, async (side) => {
    const tokens = await tokensOf(side)
    await post(side, '/oauth/revoke', 'web', { token: tokens[revoked] })
    return post(side, '/oauth/token', 'web', { grant_type: 'refresh_token', refresh_token: tokens.refresh_token })
  }),
  answered(`userinfo after another client tried to revoke the ${revoked}`, async (side) => {
    const tokens = await tokensOf(side)
    await post(side, '/oauth/revoke', 'other', { token: tokens[revoked] })
    return userinfo(side, tokens.access_token)
  }),
])

const userinfoCases: Case[] = [
  answered('userinfo: all is right', async (side) => userinfo(side, (await tokensOf(side)).access_token)),
  answered('userinfo: by POST', async (side) => userinfo(side, (await tokensOf(side)).access_token, 'POST')),
  answered('userinfo: no token', (side) => side.send({ method: 'GET', path: '/oauth/userinfo' })),
  answered('userinfo: an unknown token', (side) => userinfo(side, 'unknown')),
  answered('userinfo: an empty token', (side) => userinfo(side, '')),
  answered('userinfo: a token of 9,000 characters', (side) => userinfo(side, 'x'.repeat(9000))),
  answered('userinfo: a refresh token', async (side) => userinfo(side, (await tokensOf(side)).refresh_token)),
  answered('userinfo: an id_token', async (side) => userinfo(side, (await tokensOf(side)).id_token ?? '')),
  answered('userinfo: a token without openid', async (side) =>
    userinfo(side, (await tokensOf(side, 'web', { scope: 'read', nonce: undefined })).access_token),
  ),
  answered('userinfo: the scheme Basic', async (side) =>
    side.send({ method: 'GET', path: '/oauth/userinfo', headers: basic(side.clients.web) }),
  ),
  answered('userinfo: the scheme in lower case', async (side) =>
    side.send({
      method: 'GET',
      path: '/oauth/userinfo',
      headers: { authorization: `bearer ${(await tokensOf(side)).access_token}` },
    }),
  ),
  answered('userinfo: the token in the query', async (side) =>
    side.send({
      method: 'GET',
      path: '/oauth/userinfo',
      query: [['access_token', (await tokensOf(side)).access_token]],
    }),
  ),
  answered('userinfo: the token in the body', async (side) =>
    side.send({
      method: 'POST',
      path: '/oauth/userinfo',
      form: [['access_token', (await tokensOf(side)).access_token]],
    }),
  ),
  answered('userinfo: the token in header and body', async (side) => {
    const { access_token } = await tokensOf(side)
    return side.send({
      method: 'POST',
      path: '/oauth/userinfo',
      headers: { authorization: `Bearer ${access_token}` },
      form: [['access_token', access_token]],
    })
  }),
]

const pushed = (name: string, set: Fields, by: ClientName | undefined = 'web', more: [string, string][] = []): Case =>
  answered(`push: ${name}`, (side) =>
    post(
      side,
      '/oauth/par',
      by,
      { ...rightRequest(side, by ?? 'web'), client_id: by && side.clients[by].client_id, ...set },
      more,
    ),
  )

const referenceOf = async (side: Side, by: ClientName = 'web'): Promise<string> => {
  const got = await post(side, '/oauth/par', by, { ...rightRequest(side, by) })
  return jsonOf(got).request_uri as string
}

const used = (name: string, run: (side: Side) => Promise<Got>): Case => ({
  name: `pushed request: ${name}`,
  run: async (side) => observedAuthorization(await run(side)),
})

const pushCases: Case[] = [
  pushed('all is right', {}),
  pushed('all is right, of a public client', {}, 'native'),
  pushed('of a client that must push', {}, 'pushing'),
  pushed('by nobody', {}, undefined),
  pushed('without client_id in the body', { client_id: undefined }),
  pushed('a client without the grant', { redirect_uri: undefined }, 'machine'),
  ...['redirect_uri', 'response_type', 'state', 'code_challenge', 'code_challenge_method'].map((name) =>
    pushed(`no ${name}`, { [name]: undefined }),
  ),
  pushed('another redirect_uri', { redirect_uri: 'https://evil.example/callback' }),
  pushed('a wrong response_type', { response_type: 'token' }),
  pushed('a wrong response_mode', { response_mode: 'unknown' }),
  pushed('a wrong prompt', { prompt: 'none login' }),
  pushed('a malformed scope', { scope: 'openid  read' }),
  pushed('an unknown resource', { resource: 'https://unknown.example.com' }),
  pushed('the method plain', { code_challenge_method: 'plain' }),
  pushed('a request_uri', { request_uri: 'urn:ietf:params:oauth:request_uri:x' }),
  pushed('a request object', { request: 'e30.e30.' }),
  pushed('state twice', {}, 'web', [['state', 'other']]),
  pushed('redirect_uri twice', {}, 'web', [['redirect_uri', 'https://evil.example/callback']]),
  answered('push: with a wrong secret', (side) =>
    side.send({
      method: 'POST',
      path: '/oauth/par',
      headers: basic({ ...side.clients.web, client_secret: 'wrong' }),
      form: Object.entries(rightRequest(side)),
    }),
  ),
  answered('push: by GET', (side) =>
    side.send({ method: 'GET', path: '/oauth/par', headers: basic(side.clients.web) }),
  ),
  used('all is right', async (side) =>
    side.browse([
      ['client_id', side.clients.web.client_id],
      ['request_uri', await referenceOf(side)],
    ]),
  ),
  used('of a client that must push', async (side) =>
    side.browse([
      ['client_id', side.clients.pushing.client_id],
      ['request_uri', await referenceOf(side, 'pushing')],
    ]),
  ),
  used('what the browser adds counts for nothing', async (side) =>
    side.browse([
      ['client_id', side.clients.web.client_id],
      ['request_uri', await referenceOf(side)],
      ['redirect_uri', 'https://evil.example/callback'],
      ['response_type', 'token'],
    ]),
  ),
  used('by another client', async (side) =>
    side.browse([
      ['client_id', side.clients.other.client_id],
      ['request_uri', await referenceOf(side)],
    ]),
  ),
  used('without client_id', async (side) => side.browse([['request_uri', await referenceOf(side)]])),
  used('a second time', async (side) => {
    const parameters = [
      ['client_id', side.clients.web.client_id],
      ['request_uri', await referenceOf(side)],
    ] as const
    await side.browse(parameters)
    return side.browse(parameters)
  }),
]

const device = (
  name: string,
  fields: Fields,
  by: ClientName | undefined = 'device',
  more: [string, string][] = [],
): Case =>
  answered(`device authorization: ${name}`, (side) => post(side, '/oauth/device_authorization', by, fields, more))

const deviceCases: Case[] = [
  device('all is right', { scope: 'read' }),
  device('of a client with a secret', { scope: 'openid read' }, 'web'),
  device('no scope', {}),
  device('an unknown scope', { scope: 'unknown' }),
  device('a malformed scope', { scope: 'a  b' }),
  device('an unknown resource', { scope: 'read', resource: 'https://unknown.example.com' }),
  device('scope twice', { scope: 'read' }, 'device', [['scope', 'read']]),
  device('a client without the grant', { scope: 'read' }, 'native'),
  device('by nobody', { scope: 'read' }, undefined),
  answered('device authorization: an unknown client', (side) =>
    side.send({ method: 'POST', path: '/oauth/device_authorization', form: [['client_id', 'unknown']] }),
  ),
  answered('device authorization: with a wrong secret', (side) =>
    side.send({
      method: 'POST',
      path: '/oauth/device_authorization',
      headers: basic({ ...side.clients.web, client_secret: 'wrong' }),
      form: [['scope', 'read']],
    }),
  ),
]

export const otherCases: readonly Case[] = [
  ...tokenQuestions('introspect'),
  ...tokenQuestions('revoke'),
  ...afterRevocation,
  ...userinfoCases,
  ...pushCases,
  ...deviceCases,
]
