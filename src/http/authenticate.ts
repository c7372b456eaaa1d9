// Who calls the management API: the same judgement as at any other API, turned into an actor with rights.
import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { BlockList } from 'node:net'
import type { FastifyReply, FastifyRequest, onRequestAsyncHookHandler } from 'fastify'
import type { Logger } from 'pino'
import type { Actor } from '../accounts/actor.ts'
import { type RolesIn, managingActor } from '../accounts/sessions.ts'
import type { Api } from '../config/config.ts'
import { originAt } from '../gateway/address.ts'
import { admit } from '../gateway/admission.ts'
import { corsHeaders, isPreflight, preflightHeaders } from '../gateway/cors.ts'
import type { Site } from '../gateway/sites.ts'
import { type MaybePromise, andThen } from '../store/maybe-promise.ts'
import type { Role } from '../store/schema.ts'
import type { Principal } from '../verify/decision.ts'
import type { Verifier } from '../verify/verify.ts'
import { type Answer, type Headers, callerHeaders } from '../verify/wire.ts'
import { callerOf, pathOf } from './caller-facts.ts'
import { clientAddress } from './client-address.ts'
import { isFromOwnPage } from './own-page.ts'
import { sendAnswer } from './server.ts'
import { type SignedInDeps, signedIn } from './signed-in.ts'
import type { RequestHead } from './short-way.ts'

/** Lets the command line, in its own process on the store, act as an operator. Never made by a server that listens. */
export class LocalOperator {
  readonly #secret = randomBytes(32).toString('base64url')

  headers(): Record<string, string> {
    return { 'x-latchkey-local': this.#secret }
  }

  recognises(request: FastifyRequest): boolean {
    const given = Buffer.from(String(request.headers['x-latchkey-local']))
    const secret = Buffer.from(this.#secret)
    return given.length === secret.length && timingSafeEqual(given, secret)
  }
}

const localActor = (request: FastifyRequest): Actor => ({
  kind: 'local',
  id: 'local',
  userId: undefined,
  everywhere: false,
  operator: true,
  roles: new Map(),
  organizationId: undefined,
  scopes: [],
  expiresAt: undefined,
  environment: undefined,
  apis: undefined,
  networks: undefined,
  ip: undefined,
  requestId: request.id,
  authenticatedAt: undefined,
})

const descending: readonly Role[] = ['owner', 'admin', 'member', 'viewer']

/** The role that a token with scopes of its own acts with: the highest, up to its person's, all of whose scopes it was given. */
const roleWithin = (api: Api, role: Role, scopes: readonly string[]): Role | undefined =>
  descending
    .slice(descending.indexOf(role))
    .find((candidate) => api.roleScopes[candidate].every((scope) => scopes.includes(scope)))

/** Whether this is a client that a person lets act in their place at Latchkey itself. */
const managesForPerson = ({ grant, scopes }: Principal): boolean => grant !== undefined && scopes.includes('manage')

/** The role that the credential acts with. A client acts as the person with `manage`, which an operator gave it; scopes of an API that leads here, which anybody's client may ask for, let it read at most. */
const actingRole = (api: Api, principal: Principal, role: Role): Role | undefined => {
  const { derivedFrom, grant, scopes } = principal
  if (managesForPerson(principal)) return role
  if (grant === undefined && derivedFrom === undefined) return role
  if (grant === undefined) return roleWithin(api, role, scopes)
  // a role that needs no scope is not a client's for having none
  return api.roleScopes.viewer.length > 0 ? roleWithin(api, 'viewer', scopes) : undefined
}

const rolesOf = (api: Api, principal: Principal): Map<string, Role> => {
  const roles = new Map<string, Role>()
  for (const [id, { role }] of principal.memberships ?? []) {
    const acting = actingRole(api, principal, role)
    if (acting !== undefined) roles.set(id, acting)
  }
  return roles
}

const actorOf = (api: Api, principal: Principal, ip: string, requestId: string): Actor => ({
  kind: principal.kind,
  id: principal.derivedFrom?.id ?? principal.id,
  // who lets a client read something has not lent it the account
  userId: principal.grant === undefined || managesForPerson(principal) ? principal.userId : undefined,
  everywhere: principal.everywhere,
  operator: principal.operator,
  roles: rolesOf(api, principal),
  organizationId:
    principal.memberships === undefined && principal.grant === undefined ? principal.organizationId : undefined,
  scopes: principal.scopes,
  expiresAt: principal.grant?.expiresAt ?? principal.expiresAt,
  // a person's token is not held to an environment: what it makes names its own
  environment: principal.memberships === undefined && principal.grant === undefined ? principal.environment : undefined,
  // where a client may call is one thing, what the person makes through it another
  apis: managesForPerson(principal) ? undefined : principal.apis,
  networks: principal.networks,
  ip,
  requestId,
  authenticatedAt: undefined,
})

/** Sent by the dashboard's own script. Another site's page cannot send it: that needs a preflight, which is not answered with credentials. */
const dashboardHeader = 'x-latchkey-dashboard'

/**
 * Whether the request means to be taken for that of the person signed in in this browser: on a host of the dashboard, with its header and no
 * credential beside, and from its own page as far as the browser says (OWASP ASVS 5.0 §3.5). A cookie alone is never enough.
 */
const isFromDashboard = ({ site, raw, headers }: FastifyRequest): boolean =>
  headers[dashboardHeader] === '1' &&
  site.kind === 'builtin' &&
  site.api === undefined &&
  headers.authorization === undefined &&
  isFromOwnPage(raw)

/** In which organizations a route asks for the roles of a person at a browser. */
const rolesAskedFor = ({ params, routeOptions }: FastifyRequest): RolesIn => {
  const { organization_id: organizationId } = params as { organization_id?: string }
  if (organizationId !== undefined) return { organizationId }
  return routeOptions.config.asksForRoles === false ? 'none' : 'all'
}

export interface AuthenticateDeps {
  /** People signed in in a browser may ask; undefined: credentials alone. */
  sessions: SignedInDeps | undefined
  verifier: Verifier
  management: Api
  proxies: BlockList
  local: LocalOperator | undefined
  log: Logger
  /** Unix milliseconds. */
  now: () => number
}

type Caller =
  | { answer: Answer; headers: Headers }
  /** `headers` go on every answer to them. */
  | { principal: Principal; api: Api; headers: Headers }

/** Who asks at a management route, in the profile of the API that the host names: judged, and paid for. */
export const recognise = (
  { verifier, management, proxies, log, now }: Omit<AuthenticateDeps, 'sessions' | 'local'>,
  request: RequestHead,
  site: Site,
  requestId: string,
): MaybePromise<Caller> => {
  const { method = '', url = '', rawHeaders } = request
  const { origin } = request.headers
  const { api, path, query } = site.kind === 'management' ? site : { api: management, path: '/', query: '' }
  const address = (): string | undefined => {
    const { host } = 'host' in site ? site : {}
    return host && originAt(management.audience, host) + (site.kind === 'management' ? path : url)
  }
  const headers: Headers = { 'cache-control': 'no-store', ...corsHeaders(api, origin) }
  const caller = callerOf(request, { proxies, method, path: pathOf(url), requestId })
  return andThen(
    admit({ verifier, log, now }, api, { method, path, query, rawHeaders, address, caller }, requestId),
    (admission) =>
      'answer' in admission
        ? { answer: admission.answer, headers }
        : {
            principal: admission.admitted.principal,
            api,
            headers: { ...headers, ...callerHeaders(api, admission.admitted, now()) },
          },
  )
}

/** The hook in front of every management route. Answers itself where the caller is refused. */
export const authenticate =
  ({ local, sessions, ...deps }: AuthenticateDeps): onRequestAsyncHookHandler =>
  async (request: FastifyRequest, reply: FastifyReply) => {
    const { proxies } = deps
    if (local?.recognises(request)) {
      request.actor = localActor(request)
      return
    }
    if (sessions && isFromDashboard(request)) {
      const session = await signedIn(sessions, request, deps.now())
      if (session) {
        const origin = { ip: clientAddress(request.raw, proxies), requestId: request.id }
        request.actor = await managingActor(sessions.store, session, origin, rolesAskedFor(request))
        reply.header('cache-control', 'no-store')
        return
      }
    }
    const { site, method, headers, raw } = request
    if (site.kind === 'management' && isPreflight(method, headers)) {
      const allowed = { ...corsHeaders(site.api, headers.origin), ...preflightHeaders(site.api, headers.origin) }
      return reply.code(204).header('cache-control', 'no-store').headers(allowed).send()
    }
    const caller = await recognise(deps, raw, site, request.id)
    reply.headers(caller.headers)
    if ('answer' in caller) return sendAnswer(reply, caller.answer)
    const { principal, api } = caller
    request.principal = principal
    request.actor = actorOf(api, principal, clientAddress(raw, proxies), request.id)
  }
