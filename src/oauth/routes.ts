// The OAuth endpoints and what the server publishes about itself, mounted at the root.
import { Type } from 'typebox'
import type { FastifyPluginAsync, FastifyReply } from 'fastify'
import { openToPages } from '../gateway/cors.ts'
import { authorizeRoutes } from './authorize/routes.ts'
import { deviceRoutes } from './device-routes.ts'
import { verificationRoutes } from './device/verification-routes.ts'
import { answerPreflights } from './endpoint.ts'
import type { OAuthDeps } from './grant.ts'
import { introspectRoutes } from './introspect-routes.ts'
import { logoutRoutes } from './logout-routes.ts'
import { metadataOf } from './metadata.ts'
import { pushedRoutes } from './pushed-routes.ts'
import { revokeRoutes } from './revoke-routes.ts'
import { registerRoutes } from './register-routes.ts'
import { tokenRoutes } from './token-routes.ts'
import { userInfoRoutes } from './userinfo-routes.ts'

/** Seconds that others may keep what is published; as long as a new key may take to be known everywhere. */
const maxAgeSeconds = 300

/** Which members there are depends on what is switched on. */
const Metadata = Type.Object({ issuer: Type.String() }, { additionalProperties: true })
const JwkSet = Type.Object({ keys: Type.Array(Type.Object({}, { additionalProperties: true })) })

const published = (operationId: string, summary: string, answer: object) => ({
  schema: { operationId, summary, tags: ['OAuth'], security: [], response: { 200: answer } },
})

/** Public, the same for everybody: any page may read it. */
const publish = (reply: FastifyReply): FastifyReply =>
  reply.headers({ 'cache-control': `public, max-age=${maxAgeSeconds}`, ...openToPages })

export const oauthRoutes =
  (deps: OAuthDeps): FastifyPluginAsync =>
  async (app) => {
    await app.register(authorizeRoutes(deps))
    await app.register(pushedRoutes(deps))
    await app.register(tokenRoutes(deps))
    if (deps.config.oauth.registration !== 'off') await app.register(registerRoutes(deps))
    await app.register(deviceRoutes(deps))
    await app.register(verificationRoutes(deps))
    await app.register(userInfoRoutes(deps))
    await app.register(revokeRoutes(deps))
    await app.register(introspectRoutes(deps))
    await app.register(logoutRoutes(deps))
    const metadata = metadataOf(deps.config)
    for (const [name, operationId, summary] of [
      ['oauth-authorization-server', 'metadata', 'Authorization server metadata (RFC 8414)'],
      ['openid-configuration', 'openidConfiguration', 'OpenID provider metadata (OpenID Connect Discovery)'],
    ] as const) {
      const path = `/.well-known/${name}`
      app.get(path, published(operationId, summary, Metadata), (_request, reply) => publish(reply).send(metadata))
      answerPreflights(app, path, 'GET')
    }
    app.get(
      '/.well-known/jwks.json',
      published('jwks', 'Public keys of JSON Web Tokens (RFC 7517)', JwkSet),
      async (_request, reply) => publish(reply).send(await deps.keys.jwks()),
    )
    app.get(
      '/.well-known/cose-keys',
      published(
        'coseKeys',
        'Public keys of CBOR Web Tokens, a COSE_KeySet (RFC 9052 §7)',
        Type.String({ format: 'binary' }),
      ),
      async (_request, reply) =>
        publish(reply)
          .type('application/cose-key-set')
          .send(Buffer.from(await deps.keys.coseKeys())),
    )
  }
