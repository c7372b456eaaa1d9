// GET and POST /oauth/userinfo (OpenID Connect Core §5.3), from pages of any origin: what opens it is the token alone.
import { Type } from 'typebox'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { originAt } from '../gateway/address.ts'
import { callerOf } from '../http/caller-facts.ts'
import { presentedCredential } from '../verify/credential.ts'
import { answerPreflights, takeOAuthForms } from './endpoint.ts'
import { OAuthError } from './errors.ts'
import { Form } from './form.ts'
import type { OAuthDeps } from './grant.ts'
import { type Presented, type UserInfo, userInfo } from './userinfo.ts'

const url = '/oauth/userinfo'

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

/** Where bearer tokens are taken, and so those that are bound to a key. */
const taken = { accepts: ['oauth_token'], presentation: { bearer: true } } as const

/** RFC 6750 §2.1, RFC 9449 §7.1. Throws where there is none: without an error code, as §3.1 wants. */
const presentedIn = (request: FastifyRequest, { config, proxies }: OAuthDeps): Presented => {
  const { raw, body, method, site, id } = request
  const presented = presentedCredential(raw.rawHeaders, taken)
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
  const { credential, proofs } = presented
  const host = site.kind === 'builtin' ? (site.host ?? '') : ''
  const caller = callerOf(raw, { proxies, method, path: url, requestId: id })
  return { credential, caller, ...(proofs && { proof: { proofs, method, url: originAt(config.issuer, host) + url } }) }
}

export const userInfoRoutes =
  (deps: OAuthDeps): FastifyPluginAsync =>
  async (app) => {
    takeOAuthForms(app, 'userinfo refused')
    const answer = async (request: FastifyRequest, reply: FastifyReply): Promise<UserInfo> => {
      const { claims, nonce } = await userInfo(deps, presentedIn(request, deps))
      if (nonce !== undefined) reply.header('dpop-nonce', nonce)
      return claims
    }
    app.get(url, { schema }, answer)
    app.post(url, { schema: { ...schema, hide: true } }, answer)
    answerPreflights(app, url, 'GET, POST')
  }
