// Requests to the token endpoint, right and wrong (RFC 6749 §4.1.3, §4.4.2, §5.2, §6, RFC 7636 §4.5, RFC 8628 §3.4, RFC 8707 §2.2).
import { rightRequest } from './authorize-cases.ts'
import {
  type Case,
  type ClientName,
  type Got,
  nativeRedirectUri,
  orders,
  secondRedirectUri,
  type Side,
  stock,
} from './side.ts'
import { answered, codeOf, type Fields, post, redeeming, tokensOf } from './steps.ts'

const path = '/oauth/token'

const ofCode = (
  name: string,
  set: Fields | ((side: Side) => Fields),
  { client = 'web', by = client, asked = {} }: { client?: ClientName; by?: ClientName; asked?: Fields } = {},
): Case =>
  answered(`code: ${name}`, async (side) => {
    const fields = redeeming(side, await codeOf(side, client, asked), client)
    return post(side, path, by, { ...fields, ...(typeof set === 'function' ? set(side) : set) })
  })

const repeated = (name: string): Case =>
  answered(`code: ${name} twice`, async (side) => {
    const fields = redeeming(side, await codeOf(side))
    const value =
      fields[name] ?? { client_id: side.clients.web.client_id, scope: 'read', resource: orders }[name] ?? 'x'
    return post(side, path, 'web', { ...fields, [name]: value }, [[name, value]])
  })

const codeCases: Case[] = [
  ofCode('all is right', {}),
  ofCode('all is right, of a public client', {}, { client: 'native' }),
  ...['grant_type', 'code', 'redirect_uri', 'code_verifier'].flatMap((name) => [
    ofCode(`no ${name}`, { [name]: undefined }),
    ofCode(`an empty ${name}`, { [name]: '' }),
    repeated(name),
  ]),
  ...['client_id', 'scope', 'unknown', 'resource'].map(repeated),
  ofCode('an unknown code', { code: 'ac_unknown' }),
  ofCode('a code of 10,000 characters', { code: 'x'.repeat(10_000) }),
  ofCode('a code with a NUL', { code: 'x\u0000' }),
  ofCode('another redirect_uri', { redirect_uri: 'https://evil.example/callback' }),
  ofCode('the other redirect_uri of the client', { redirect_uri: secondRedirectUri }),
  ofCode(
    'another port of a loopback redirect_uri',
    { redirect_uri: 'http://127.0.0.1:4000/callback' },
    { client: 'native' },
  ),
  ofCode(
    'the port that was asked for',
    { redirect_uri: 'http://127.0.0.1:3000/callback' },
    {
      client: 'native',
      asked: { redirect_uri: 'http://127.0.0.1:3000/callback' },
    },
  ),
  ofCode(
    'without the port that was asked for',
    { redirect_uri: nativeRedirectUri },
    {
      client: 'native',
      asked: { redirect_uri: 'http://127.0.0.1:3000/callback' },
    },
  ),
  ofCode('another verifier', { code_verifier: 'b'.repeat(43) }),
  ofCode('a verifier that is too short', { code_verifier: 'b'.repeat(42) }),
  ofCode('a verifier that is too long', { code_verifier: 'b'.repeat(129) }),
  ofCode('a verifier with other characters', { code_verifier: `${'b'.repeat(43)}!` }),
  ofCode(
    'a verifier that nobody asked for',
    {},
    {
      client: 'optional',
      asked: { code_challenge: undefined, code_challenge_method: undefined },
    },
  ),
  ofCode(
    'none where none was asked for',
    { code_verifier: undefined },
    {
      client: 'optional',
      asked: { code_challenge: undefined, code_challenge_method: undefined },
    },
  ),
  ofCode('none where one was asked for', { code_verifier: undefined }, { client: 'optional' }),
  ofCode('by another client', {}, { by: 'other' }),
  ofCode('by a public client', {}, { by: 'native' }),
  ofCode('of a public client, by a confidential one', {}, { client: 'native', by: 'web' }),
  ofCode('by a client without the grant', {}, { by: 'machine' }),
  ofCode(
    'with the resource that was granted',
    { resource: orders },
    { asked: { scope: 'read', nonce: undefined, resource: orders } },
  ),
  ofCode(
    'with another resource',
    { resource: stock },
    { asked: { scope: 'read', nonce: undefined, resource: orders } },
  ),
  ofCode(
    'with an unknown resource',
    { resource: 'https://unknown.example.com' },
    { asked: { scope: 'read', nonce: undefined, resource: orders } },
  ),
  ofCode(
    'with a resource that is none',
    { resource: 'orders' },
    { asked: { scope: 'read', nonce: undefined, resource: orders } },
  ),
  ofCode('with a wider scope', { scope: 'openid read write' }),
  ofCode('with an unknown scope', { scope: 'unknown' }),
  ofCode('with a malformed scope', { scope: 'a  b' }),
  answered('code: a second time', async (side) => {
    const fields = redeeming(side, await codeOf(side))
    await post(side, path, 'web', fields)
    return post(side, path, 'web', fields)
  }),
  answered('code: the refresh token after the code came a second time', async (side) => {
    const fields = redeeming(side, await codeOf(side))
    const { refresh_token } = JSON.parse((await post(side, path, 'web', fields)).body) as { refresh_token: string }
    await post(side, path, 'web', fields)
    return post(side, path, 'web', { grant_type: 'refresh_token', refresh_token })
  }),
  answered('code: the access token after the code came a second time', async (side) => {
    const fields = redeeming(side, await codeOf(side))
    const { access_token } = JSON.parse((await post(side, path, 'web', fields)).body) as { access_token: string }
    await post(side, path, 'web', fields)
    return side.send({ method: 'GET', path: '/oauth/userinfo', headers: { authorization: `Bearer ${access_token}` } })
  }),
  answered('code: right after a wrong verifier', async (side) => {
    const fields = redeeming(side, await codeOf(side))
    await post(side, path, 'web', { ...fields, code_verifier: 'b'.repeat(43) })
    return post(side, path, 'web', fields)
  }),
  answered('code: right after another client has tried', async (side) => {
    const fields = redeeming(side, await codeOf(side))
    await post(side, path, 'other', fields)
    return post(side, path, 'web', fields)
  }),
]

const refreshed = (side: Side, refresh_token: string | undefined, set: Fields = {}, by: ClientName = 'web') =>
  post(side, path, by, { grant_type: 'refresh_token', refresh_token, ...set })

const ofRefresh = (
  name: string,
  run: (side: Side, refreshToken: string) => Promise<Got>,
  scope = 'openid read',
): Case =>
  answered(`refresh: ${name}`, async (side) => {
    const nonce = scope.includes('openid') ? 'nonce' : undefined
    return run(side, (await tokensOf(side, 'web', { scope, nonce })).refresh_token)
  })

const nextOf = (got: Got): string => (JSON.parse(got.body) as { refresh_token: string }).refresh_token

const refreshCases: Case[] = [
  ofRefresh('all is right', (side, token) => refreshed(side, token)),
  answered('refresh: all is right, of a public client', async (side) =>
    refreshed(side, (await tokensOf(side, 'native')).refresh_token, {}, 'native'),
  ),
  ofRefresh('no token', (side) => refreshed(side, undefined)),
  ofRefresh('an empty token', (side) => refreshed(side, '')),
  ofRefresh('an unknown token', (side) => refreshed(side, 'rt_unknown')),
  ofRefresh('a changed token', (side, token) => refreshed(side, `${token}x`)),
  ofRefresh('the token twice in one request', (side, token) =>
    post(side, path, 'web', { grant_type: 'refresh_token', refresh_token: token }, [['refresh_token', token]]),
  ),
  ofRefresh('by another client', (side, token) => refreshed(side, token, {}, 'other')),
  ofRefresh('by a public client', (side, token) => refreshed(side, token, {}, 'native')),
  ofRefresh('by a client without the grant', (side, token) => refreshed(side, token, {}, 'machine')),
  ofRefresh('right after another client has tried', async (side, token) => {
    await refreshed(side, token, {}, 'other')
    return refreshed(side, token)
  }),
  ofRefresh('the successor', async (side, token) => refreshed(side, nextOf(await refreshed(side, token)))),
  ofRefresh('a second time at once', async (side, token) => {
    await refreshed(side, token)
    return refreshed(side, token)
  }),
  ofRefresh('a second time, when the successor has been used', async (side, token) => {
    await refreshed(side, nextOf(await refreshed(side, token)))
    return refreshed(side, token)
  }),
  ofRefresh('the newest, when an old one came again', async (side, token) => {
    const newest = nextOf(await refreshed(side, nextOf(await refreshed(side, token))))
    await refreshed(side, token)
    return refreshed(side, newest)
  }),
  ofRefresh('the access token, when an old refresh token came again', async (side, token) => {
    const second = await refreshed(side, nextOf(await refreshed(side, token)))
    const { access_token } = JSON.parse(second.body) as { access_token: string }
    await refreshed(side, token)
    return side.send({ method: 'GET', path: '/oauth/userinfo', headers: { authorization: `Bearer ${access_token}` } })
  }),
  ...['openid', 'openid read', 'openid read write', 'read', 'write', 'unknown', 'a  b', ''].map((scope) =>
    ofRefresh(`scope=${scope}`, (side, token) => refreshed(side, token, { scope })),
  ),
  ofRefresh('all scopes again after fewer', async (side, token) =>
    refreshed(side, nextOf(await refreshed(side, token, { scope: 'openid' })), { scope: 'openid read' }),
  ),
  ...[orders, stock, 'https://unknown.example.com'].map((resource) =>
    ofRefresh(`resource=${resource}`, (side, token) => refreshed(side, token, { resource }), 'read'),
  ),
  answered('refresh: an access token', async (side) => refreshed(side, (await tokensOf(side)).access_token)),
  answered('refresh: a code', async (side) => refreshed(side, await codeOf(side))),
  answered('code: a refresh token', async (side) => {
    const { refresh_token } = await tokensOf(side)
    return post(side, path, 'web', redeeming(side, refresh_token))
  }),
]

const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code'
const deviceCodeOf = async (side: Side, by: ClientName = 'device'): Promise<string> => {
  const got = await post(side, '/oauth/device_authorization', by, { scope: 'read' })
  return (JSON.parse(got.body) as { device_code: string }).device_code
}

const deviceCases: Case[] = [
  answered('device: while nobody has decided', async (side) =>
    post(side, path, 'device', { grant_type: deviceGrant, device_code: await deviceCodeOf(side) }),
  ),
  answered('device: no code', (side) => post(side, path, 'device', { grant_type: deviceGrant })),
  answered('device: an unknown code', (side) =>
    post(side, path, 'device', { grant_type: deviceGrant, device_code: 'unknown' }),
  ),
  answered('device: by another client', async (side) =>
    post(side, path, 'web', { grant_type: deviceGrant, device_code: await deviceCodeOf(side) }),
  ),
  answered('device: by a client without the grant', async (side) =>
    post(side, path, 'native', { grant_type: deviceGrant, device_code: await deviceCodeOf(side) }),
  ),
  answered('device: the code twice in one request', async (side) => {
    const device_code = await deviceCodeOf(side)
    return post(side, path, 'device', { grant_type: deviceGrant, device_code }, [['device_code', device_code]])
  }),
  answered('device: a code of the other kind', async (side) =>
    post(side, path, 'web', { grant_type: deviceGrant, device_code: await codeOf(side) }),
  ),
]

/** What is asked for matters to none: the endpoint knows the client before the grant. */
const wrongClient = (grant_type: string): Case =>
  answered(`${grant_type} of an unknown client`, (side) =>
    side.send({
      method: 'POST',
      path,
      form: Object.entries({ ...rightRequest(side), grant_type, client_id: 'unknown', code: 'x', refresh_token: 'x' }),
    }),
  )

export const tokenCases: readonly Case[] = [
  ...codeCases,
  ...refreshCases,
  ...deviceCases,
  ...['authorization_code', 'refresh_token', 'client_credentials', deviceGrant].map(wrongClient),
]
