// oidc-provider's token and introspection endpoints: ES256 JWT access tokens (RFC 9068), everything in a Map.
// Standard input holds {clientId, clientSecret, resource, redirectUri, challenge}. GET /supply?kind=code|refresh|opaque&count=N makes
// as many codes, refresh tokens or opaque access tokens as if people had allowed them.
import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'
import { Provider } from 'oidc-provider'

const { clientId, clientSecret, resource, redirectUri, challenge } = await json(process.stdin)
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

/** The adapter that ships with it holds 1,000 things; this one holds all, and does no more. */
class MapAdapter {
  static all = new Map()

  constructor(name) {
    this.name = name
  }

  key(id) {
    return `${this.name}:${id}`
  }

  async upsert(id, payload) {
    MapAdapter.all.set(this.key(id), payload)
  }

  async find(id) {
    return MapAdapter.all.get(this.key(id))
  }

  async consume(id) {
    MapAdapter.all.get(this.key(id)).consumed = Math.floor(Date.now() / 1000)
  }

  async destroy(id) {
    MapAdapter.all.delete(this.key(id))
  }

  async revokeByGrantId() {}
}

const provider = new Provider('http://127.0.0.1', {
  adapter: MapAdapter,
  clients: [
    {
      client_id: clientId,
      client_secret: clientSecret,
      grant_types: ['client_credentials', 'authorization_code', 'refresh_token'],
      response_types: ['code'],
      redirect_uris: [redirectUri],
      token_endpoint_auth_method: 'client_secret_basic',
      id_token_signed_response_alg: 'ES256',
    },
  ],
  clientAuthMethods: ['client_secret_basic'],
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: 'bench' }] },
  cookies: { keys: ['only for the bench'] },
  scopes: ['read', 'write'],
  findAccount: (_ctx, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
  issueRefreshToken: () => true,
  rotateRefreshToken: true,
  ttl: { AuthorizationCode: 3600, RefreshToken: 86_400, AccessToken: 3600, Grant: 86_400 },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    introspection: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => resource,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: 'read write',
        audience: resource,
        accessTokenFormat: 'jwt',
        accessTokenTTL: 3600,
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
})
const client = await provider.Client.find(clientId)
const accountId = 'person'

const make = {
  async code(grantId) {
    const code = new provider.AuthorizationCode({
      accountId,
      client,
      grantId,
      scope: 'read',
      resource,
      redirectUri,
      codeChallenge: challenge,
      codeChallengeMethod: 'S256',
      gty: 'authorization_code',
    })
    return code.save()
  },
  async refresh(grantId) {
    const token = new provider.RefreshToken({
      accountId,
      client,
      grantId,
      scope: 'read',
      resource,
      gty: 'authorization_code',
      rotations: 0,
    })
    return token.save()
  },
  async opaque(grantId) {
    const token = new provider.AccessToken({ accountId, client, grantId, scope: 'read', gty: 'authorization_code' })
    return token.save()
  },
}

const supply = async (kind, count) => {
  const values = []
  for (let i = 0; i < count; i++) {
    const grant = new provider.Grant({ accountId, clientId })
    grant.addResourceScope(resource, 'read')
    grant.addOIDCScope('read')
    values.push(await make[kind](await grant.save()))
  }
  return values
}

const serve = provider.callback()
const server = createServer((request, response) => {
  if (!request.url.startsWith('/supply?')) return serve(request, response)
  const query = new URL(request.url, 'http://127.0.0.1').searchParams
  supply(query.get('kind'), Number(query.get('count'))).then(
    (values) => response.end(JSON.stringify(values)),
    (error) => response.writeHead(500).end(String(error.stack)),
  )
})
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })))
