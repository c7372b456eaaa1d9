// @better-auth/oauth-provider's token and introspection endpoints: ES256 JWT access tokens (RFC 9068), everything in Maps. Signing key
// unencrypted, client and resource cached, limits by address off: what its options offer. Its own Node handler answers in chunks, which
// costs more than to collect an answer of some hundred bytes. Standard input holds {clientId, clientSecret, resource, redirectUri,
// challenge}. GET /supply?kind=code|refresh&count=N makes as many codes or refresh tokens as if people had allowed them, in the rows
// that it would have written itself.
import { hash, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { json, text } from 'node:stream/consumers'
import { oauthProvider } from '@better-auth/oauth-provider'
import { betterAuth } from 'better-auth'
import { jwt } from 'better-auth/plugins'
import { mapsAdapter } from './better-auth-maps.mjs'

const { clientId, clientSecret, resource, redirectUri, challenge } = await json(process.stdin)
const base = 'http://127.0.0.1'
const scopes = ['read', 'offline_access'] // without the second it gives no refresh token
const stored = new Map()
const auth = betterAuth({
  baseURL: base,
  secret: 'only for the bench, only on this machine',
  logger: { disabled: true },
  telemetry: { enabled: false },
  rateLimit: { enabled: false },
  emailAndPassword: { enabled: true },
  session: { storeSessionInDatabase: true },
  database: mapsAdapter(),
  secondaryStorage: {
    get: (key) => stored.get(key) ?? null,
    set: (key, value) => void stored.set(key, value),
    delete: (key) => void stored.delete(key),
    getAndDelete(key) {
      const value = stored.get(key) ?? null
      stored.delete(key)
      return value
    },
  },
  plugins: [
    jwt({
      disableSettingJwtHeader: true,
      jwks: { keyPairConfig: { alg: 'ES256' }, disablePrivateKeyEncryption: true },
    }),
    oauthProvider({
      loginPage: '/login',
      consentPage: '/consent',
      scopes,
      resources: [resource],
      cachedTrustedClients: new Set([clientId]),
      cachedResources: new Set([resource]),
      enforcePerClientResources: false,
      silenceWarnings: { oauthAuthServerConfig: true, openidConfig: true },
    }),
  ],
})
const { adapter, internalAdapter } = await auth.$context
const { user, token } = await auth.api.signUpEmail({
  body: { email: 'bench@example.com', password: 'only for the bench', name: 'Bench' },
})
await auth.api.getJwks() // makes the one key; first requests that come together would each make one
const session = await adapter.findOne({ model: 'session', where: [{ field: 'token', value: token }] })

/** How it keeps secrets, codes and tokens. */
const hashed = (value) => hash('sha256', value, 'base64url')

const after = (seconds) => new Date(Date.now() + seconds * 1000)

await adapter.create({
  model: 'oauthClient',
  data: {
    clientId,
    clientSecret: hashed(clientSecret),
    name: 'Bench',
    redirectUris: [redirectUri],
    scopes,
    clientCredentialsScopes: ['read'],
    grantTypes: ['client_credentials', 'authorization_code', 'refresh_token'],
    responseTypes: ['code'],
    tokenEndpointAuthMethod: 'client_secret_basic',
    createdAt: after(0),
    updatedAt: after(0),
  },
})

const make = {
  code: (code) =>
    internalAdapter.createVerificationValue({
      identifier: hashed(code),
      value: JSON.stringify({
        type: 'authorization_code',
        query: {
          response_type: 'code',
          client_id: clientId,
          redirect_uri: redirectUri,
          scope: scopes.join(' '),
          code_challenge: challenge,
          code_challenge_method: 'S256',
        },
        userId: user.id,
        sessionId: session.id,
        authTime: Date.now(),
        resource: [resource],
      }),
      createdAt: after(0),
      updatedAt: after(0),
      expiresAt: after(3600),
    }),
  refresh: (refreshToken) =>
    adapter.create({
      model: 'oauthRefreshToken',
      data: {
        token: hashed(refreshToken),
        clientId,
        sessionId: session.id,
        userId: user.id,
        authTime: after(0),
        scopes,
        resources: [resource],
        createdAt: after(0),
        expiresAt: after(86_400),
      },
    }),
}

const supply = async (kind, count) => {
  const values = Array.from({ length: count }, () => randomBytes(24).toString('base64url'))
  for (const value of values) await make[kind](value)
  return JSON.stringify(values)
}

/** One request of Node's as its handler wants it, and the answer collected. */
const handle = async (request, response) => {
  const { method, headers } = request
  const body = method === 'POST' ? await text(request) : undefined
  const answer = await auth.handler(new Request(base + request.url, { method, headers, body }))
  const answered = await answer.text()
  const length = { 'content-length': Buffer.byteLength(answered) }
  response.writeHead(answer.status, { ...Object.fromEntries(answer.headers), ...length }).end(answered)
}

const server = createServer((request, response) => {
  const fail = (error) => response.writeHead(500).end(String(error.stack))
  if (!request.url.startsWith('/supply?')) return void handle(request, response).catch(fail)
  const query = new URL(request.url, base).searchParams
  supply(query.get('kind'), Number(query.get('count'))).then((values) => response.end(values), fail)
})
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })))
