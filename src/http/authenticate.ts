// Who calls the management API: the same judgement as at any other API, turned into an actor with rights.
import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { BlockList } from 'node:net'
import type { FastifyReply, FastifyRequest, onRequestAsyncHookHandler } from 'fastify'
import type { Actor } from '../accounts/actor.ts'
import type { Api } from '../config/config.ts'
import { presentedCredential } from '../verify/credential.ts'
import type { Principal } from '../verify/decision.ts'
import type { Verifier } from '../verify/verify.ts'
import { callerHeaders, denialAnswer, errorAnswer, missingAnswer } from '../verify/wire.ts'
import { clientAddress } from './client-address.ts'
import { sendAnswer } from './server.ts'

/** Lets the command line, in its own process on the store, act as an operator. Never made by a server that listens. */
export class LocalOperator {
  readonly #secret = randomBytes(32).toString('base64url')

  headers(): Record<string, string> {
    return { 'x-latchkey-local': this.#secret }
  }

  recognises(request: FastifyRequest): boolean {
    const given = request.headers['x-latchkey-local']
    return (
      typeof given === 'string' &&
      given.length === this.#secret.length &&
      timingSafeEqual(Buffer.from(given), Buffer.from(this.#secret))
    )
  }
}

const localActor = (request: FastifyRequest): Actor => ({
  kind: 'local',
  id: 'local',
  userId: undefined,
  operator: true,
  roles: new Map(),
  organizationId: undefined,
  scopes: [],
  expiresAt: undefined,
  environment: undefined,
  apis: undefined,
  ip: undefined,
  requestId: request.id,
})

const actorOf = (principal: Principal, ip: string, requestId: string): Actor => ({
  kind: principal.kind,
  id: principal.derivedFrom?.id ?? principal.id,
  userId: principal.userId,
  operator: principal.operator,
  roles: new Map([...(principal.memberships ?? [])].map(([id, { role }]) => [id, role])),
  organizationId: principal.memberships === undefined ? principal.organizationId : undefined,
  scopes: principal.scopes,
  expiresAt: principal.expiresAt,
  // a person's token is not held to an environment: what it makes names its own
  environment: principal.memberships === undefined ? principal.environment : undefined,
  apis: principal.apis,
  ip,
  requestId,
})

export interface AuthenticateDeps {
  verifier: Verifier
  management: Api
  proxies: BlockList
  local: LocalOperator | undefined
  now: () => number
}

/** The hook in front of every management route. Answers itself where the caller is refused, in the profile of the API that the host names. */
export const authenticate =
  ({ verifier, management, proxies, local, now }: AuthenticateDeps): onRequestAsyncHookHandler =>
  async (request: FastifyRequest, reply: FastifyReply) => {
    if (local?.recognises(request)) {
      request.actor = localActor(request)
      return
    }
    const api = request.site.kind === 'management' ? request.site.api : management
    reply.header('cache-control', 'no-store')
    const presented = presentedCredential(request.raw.rawHeaders, api.profile.presentation)
    if ('missing' in presented) return sendAnswer(reply, missingAnswer(api, request.id))
    if ('malformed' in presented)
      return sendAnswer(reply, errorAnswer(api, 'invalid_request', request.id, presented.malformed))
    const decision = await verifier.judge(api, { credential: presented.credential })
    if (!decision.valid) return sendAnswer(reply, denialAnswer(api, decision, request.id, now()))
    reply.headers(callerHeaders(api, decision, now()))
    request.principal = decision.principal
    request.actor = actorOf(decision.principal, clientAddress(request.raw, proxies), request.id)
  }
