// oidc-provider as the other side of the differential test, set up to do what Latchkey does, with the same clients.
import { generateKeyPairSync } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Context, errors, Provider } from 'oidc-provider'
import type { Cleanup } from '../../temporary-folder.ts'
import {
  type Client,
  type ClientName,
  type Clients,
  type Got,
  type Pairs,
  type Side,
  nativeRedirectUri,
  orders,
  personEmail,
  queryString,
  redirectUri,
  schemeRedirectUri,
  secondRedirectUri,
  stock,
} from './side.ts'

const code = { grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'] }
const deviceCode = 'urn:ietf:params:oauth:grant-type:device_code'
const isPublic = { token_endpoint_auth_method: 'none' }

const settings: Record<ClientName, object> = {
  web: { ...code, grant_types: [...code.grant_types, deviceCode], redirect_uris: [redirectUri, secondRedirectUri] },
  other: { ...code, redirect_uris: [redirectUri] },
  native: {
    ...code,
    ...isPublic,
    application_type: 'native',
    redirect_uris: [nativeRedirectUri, schemeRedirectUri],
  },
  optional: { ...code, redirect_uris: [redirectUri] },
  machine: { grant_types: ['client_credentials'], response_types: [], redirect_uris: [] },
  pushing: { ...code, redirect_uris: [redirectUri], require_pushed_authorization_requests: true },
  device: { ...isPublic, grant_types: [deviceCode, 'refresh_token'], response_types: [], redirect_uris: [] },
}

const identityScopes = 'openid profile email offline_access'
const apiScopes = 'read write'

const configuration = (clients: Clients): object => ({
  clients: (Object.entries(clients) as [ClientName, Client][]).map(([name, client]) => ({
    ...client,
    ...settings[name],
  })),
  clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'none'],
  jwks: {
    keys: [
      { ...generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }), alg: 'RS256' },
      { ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }), alg: 'ES256' },
    ],
  },
  cookies: { keys: ['of a test'], long: { sameSite: 'none', signed: true }, short: { signed: true } },
  scopes: [...identityScopes.split(' '), ...apiScopes.split(' ')],
  claims: { openid: ['sub'], profile: ['name'], email: ['email', 'email_verified'] },
  responseTypes: ['code'],
  allowOmittingSingleRegisteredRedirectUri: true,
  rotateRefreshToken: true,
  issueRefreshToken: (_context: Context, client: { grantTypeAllowed: (type: string) => boolean }) =>
    client.grantTypeAllowed('refresh_token'),
  pkce: {
    required: (_context: Context, client: { clientId: string }) => client.clientId !== clients.optional.client_id,
  },
  enableHttpPostMethods: true,
  findAccount: (_context: Context, id: string) => ({
    accountId: id,
    claims: () => ({ sub: id, name: 'Ada', email: personEmail, email_verified: false }),
  }),
  // the person has allowed everything
  loadExistingGrant: async ({ oidc: { client, account, provider } }: Context) => {
    const grant = new provider.Grant({ clientId: client.clientId, accountId: account.accountId })
    grant.addOIDCScope(`${identityScopes} ${apiScopes}`)
    for (const resource of [orders, stock]) grant.addResourceScope(resource, apiScopes)
    await grant.save()
    return grant
  },
  renderError: (context: Context, out: object) => {
    context.body = JSON.stringify(out)
  },
  ttl: Object.fromEntries(
    ['AccessToken', 'AuthorizationCode', 'ClientCredentials', 'DeviceCode', 'Grant', 'IdToken', 'Interaction']
      .concat(['RefreshToken', 'Session'])
      .map((kind) => [kind, 600]),
  ),
  interactions: { url: () => '/interaction' },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    dPoP: { enabled: true },
    deviceFlow: { enabled: true },
    introspection: {
      enabled: true,
      allowedPolicy: (_context: Context, client: { clientId: string }, token: { clientId: string }) =>
        client.clientId === token.clientId,
    },
    revocation: { enabled: true },
    pushedAuthorizationRequests: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: (_context: Context, _client: object, oneOf?: string) => oneOf ?? orders,
      useGrantedResource: (_context: Context, { scope = '' }: { scope?: string }) =>
        !scope.split(' ').includes('openid'),
      getResourceServerInfo: (_context: Context, resource: string) => {
        if (resource !== orders && resource !== stock) throw new errors.InvalidTarget()
        return { scope: apiScopes, audience: resource, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'ES256' } } }
      },
    },
  },
  routes: {
    authorization: '/oauth/authorize',
    token: '/oauth/token',
    userinfo: '/oauth/userinfo',
    introspection: '/oauth/introspect',
    revocation: '/oauth/revoke',
    pushed_authorization_request: '/oauth/par',
    device_authorization: '/oauth/device_authorization',
    code_verification: '/device',
    end_session: '/oauth/logout',
    jwks: '/.well-known/jwks.json',
  },
})

export const startTheirs = async (t: Cleanup, clients: Clients): Promise<Side> => {
  let handle = (_request: IncomingMessage, response: ServerResponse): void => void response.writeHead(503).end()
  const server = createServer((request, response) => handle(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => void server.close())
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const provider = new Provider(origin, configuration(clients))
  const answer = provider.callback()
  // who is asked to sign in or to consent does so
  handle = (request, response) => {
    if (!request.url?.startsWith('/interaction')) return answer(request, response)
    const result = { login: { accountId: 'ada' }, consent: {} }
    provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false }).catch(() => {
      response.writeHead(500).end()
    })
  }

  const toGot = async (response: Response): Promise<Got> => ({
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: await response.text(),
  })

  const send: Side['send'] = async ({ method, path, query, form, body, headers }) =>
    toGot(
      await fetch(`${origin}${path}${query ? `?${queryString(query)}` : ''}`, {
        method,
        redirect: 'manual',
        headers: { ...(form && { 'content-type': 'application/x-www-form-urlencoded' }), ...headers },
        ...(form && { body: queryString(form) }),
        ...(body !== undefined && { body }),
      }),
    )

  const signedInJar = new Map<string, string>()
  const browse = async (parameters: Pairs, signedIn = true): Promise<Got> => {
    const jar = signedIn ? signedInJar : new Map<string, string>()
    let path = `/oauth/authorize?${queryString(parameters)}`
    for (let step = 0; step < 10; step++) {
      const response = await fetch(`${origin}${path}`, {
        redirect: 'manual',
        headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') },
      })
      for (const cookie of response.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
        if (value === '') jar.delete(name)
        else jar.set(name, value)
      }
      const location = response.headers.get('location') ?? ''
      const inside = location.startsWith('/') || location.startsWith(origin)
      if (!inside) return toGot(response)
      path = location.startsWith('/') ? location : location.slice(origin.length)
    }
    throw new Error('The browser was sent round and round.')
  }
  return { clients, send, browse }
}
