// The token endpoint's works that use something up, and introspection: Latchkey and both authorization servers beside it.
import type { ServerProcess } from './child.ts'
import type { Credentials } from './latchkey.ts'
import { type Single, askSingles, codeVerifier, makeSingles, redirectUri } from './supply.ts'
import { type Target, type Work, subject } from './target.ts'
import { type Call, asClient, record, written } from './wire.ts'

/** The API that peers' tokens are for. */
export const resource = 'http://127.0.0.1/api'

/** Different tokens that are asked about in turn. */
const introspectedTokens = 200

const times = <T>(count: number, make: () => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, make))

/** An authorization server with a client of its own. */
interface Issuer {
  name: string
  server: ServerProcess
  client: { clientId: string; clientSecret: string }
  tokenPath: string
  introspectionPath: string
  /** What a request adds that is to get a JWT for an API (RFC 8707). */
  forApi: string
  singles: (kind: Single, count: number) => Promise<string[]>
  singlesPerSecond: number
}

const post = ({ client }: Issuer, target: string, body: string): Call => ({
  method: 'POST',
  target,
  headers: asClient(client.clientId, client.clientSecret),
  body,
})

const clientCredentials = (issuer: Issuer): Call =>
  post(issuer, issuer.tokenPath, `grant_type=client_credentials&scope=read${issuer.forApi}`)

const fromSingle: Record<Single, (value: string) => string> = {
  code: (code) =>
    `grant_type=authorization_code&code=${code}&redirect_uri=${encodeURIComponent(redirectUri)}&code_verifier=${codeVerifier}`,
  refresh: (token) => `grant_type=refresh_token&refresh_token=${token}`,
}

const target = (
  work: Work,
  { name, server }: Issuer,
  body: string,
  requests: readonly string[],
  supply?: Target['supply'],
): Target => ({ work, name, server, requests, ...(supply && { supply }), expect: { status: 200, headers: [], body } })

const single = (work: Work, issuer: Issuer, kind: Single): Target =>
  target(work, issuer, '"refresh_token":"', [], {
    perSecond: issuer.singlesPerSecond,
    make: async (count) =>
      (await issuer.singles(kind, count)).map((value) =>
        written(post(issuer, issuer.tokenPath, fromSingle[kind](value))),
      ),
  })

const introspection = (issuer: Issuer, tokens: readonly string[]): Target =>
  target(
    'introspection',
    issuer,
    '"active":true',
    tokens.map((token) => written(post(issuer, issuer.introspectionPath, `token=${token}`))),
  )

/** JWT access tokens that it gives its client. */
const jwts = (issuer: Issuer): Promise<string[]> =>
  times(introspectedTokens, async () => {
    const { body } = await record(issuer.server.port, clientCredentials(issuer))
    return (JSON.parse(body) as { access_token: string }).access_token
  })

export interface IssuerProcesses {
  latchkey: ServerProcess
  oidcProvider: ServerProcess
  betterAuth: ServerProcess
}

/** `folder` is Latchkey's data folder. */
export const oauthTargets = async (
  folder: string,
  { latchkey, oidcProvider, betterAuth }: IssuerProcesses,
  { clientId, clientSecret, app }: Credentials,
): Promise<Target[]> => {
  const client = { clientId, clientSecret }
  const own: Issuer = {
    name: subject,
    server: latchkey,
    client,
    tokenPath: '/token',
    introspectionPath: '/oauth/introspect',
    forApi: '',
    singles: (kind, count) => makeSingles({ folder, ...app }, kind, count),
    singlesPerSecond: 6000,
  }
  const oidc: Issuer = {
    name: 'oidc-provider',
    server: oidcProvider,
    client,
    tokenPath: '/token',
    introspectionPath: '/token/introspection',
    forApi: '',
    singles: (kind, count) => askSingles(oidcProvider.port, kind, count),
    singlesPerSecond: 6000,
  }
  const better: Issuer = {
    name: '@better-auth/oauth-provider',
    server: betterAuth,
    client,
    tokenPath: '/api/auth/oauth2/token',
    introspectionPath: '/api/auth/oauth2/introspect',
    forApi: `&resource=${encodeURIComponent(resource)}`,
    singles: (kind, count) => askSingles(betterAuth.port, kind, count),
    singlesPerSecond: 3000,
  }
  /** Latchkey's codes and refresh tokens are those of a client that acts for people. */
  const singles = [{ ...own, client: app }, oidc, better]
  return [
    ...[oidc, better].map((issuer) =>
      target('client_credentials', issuer, '"access_token":"ey', [written(clientCredentials(issuer))]),
    ),
    ...singles.map((issuer) => single('code exchange', issuer, 'code')),
    ...singles.map((issuer) => single('refresh', issuer, 'refresh')),
    introspection(own, await jwts(own)),
    introspection(
      { ...oidc, name: 'oidc-provider, opaque tokens' },
      await askSingles(oidcProvider.port, 'opaque', introspectedTokens),
    ),
    introspection(better, await jwts(better)),
  ]
}
