// GET and POST /oauth/userinfo (OpenID Connect Core §5.3), from pages of any origin: what opens it is the token alone.
import { Type } from 'typebox'
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import { presentedCredential } from '../verify/credential.ts'
import { takeOAuthForms } from './endpoint.ts'
import { OAuthError } from './errors.ts'
import { Form } from './form.ts'
import type { OAuthDeps } from './grant.ts'
import { userInfo } from './userinfo.ts'

const schema = {
  operationId: 'userinfo',
  summary: 'Who a person is that has signed in (OpenID Connect Core §5.3)',
  tags: ['OAuth'],
  response: {
    200: Type.Object({
      sub: Type.String({ description: 'The user’s id, or what the client alone knows the person by.' }),
      name: Type.Optional(Type.String({ description: 'With the scope profile.' })),
      email: Type.Optional(Type.String({ description: 'With the scope email.' })),
      email_verified: Type.Optional(Type.Boolean()),
    }),
  },
}

/** RFC 6750 §2.1. Throws where there is none: without an error code, as §3.1 wants. */
const tokenOf = ({ raw: { rawHeaders }, body }: FastifyRequest): string => {
  const presented = presentedCredential(rawHeaders, { bearer: true })
  const inBody = body !== undefined && new Form(body as Buffer).all('access_token').length > 0
  if ('malformed' in presented || inBody)
    throw new OAuthError('invalid_request', 'Send one access token, in the Authorization header', {
      headers: { 'www-authenticate': 'Bearer realm="latchkey", error="invalid_request"' },
    })
  if ('missing' in presented)
    throw new OAuthError('invalid_token', 'Send the access token in the Authorization header', {
      status: 401,
      headers: { 'www-authenticate': 'Bearer realm="latchkey"' },
    })
  return presented.credential
}

export const userInfoRoutes =
  (deps: OAuthDeps): FastifyPluginAsync =>
  async (app) => {
    takeOAuthForms(app, 'userinfo refused')
    app.addHook('onRequest', async (_request, reply) => {
      reply.headers({
        'access-control-allow-origin': '*',
        'access-control-expose-headers': 'WWW-Authenticate, X-Request-Id',
      })
    })
    app.get('/oauth/userinfo', { schema }, (request) => userInfo(deps, tokenOf(request)))
    app.post('/oauth/userinfo', { schema: { ...schema, hide: true } }, (request) => userInfo(deps, tokenOf(request)))
    app.options('/oauth/userinfo', { schema: { hide: true } }, (_request, reply) =>
      reply
        .code(204)
        .headers({
          'access-control-allow-methods': 'GET, POST',
          'access-control-allow-headers': 'Authorization, Content-Type',
          'access-control-max-age': '600',
        })
        .send(),
    )
  }
