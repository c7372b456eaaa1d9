// The one judgement of any credential: read → format or signature → expiry → status → environment → API → organization →
// scope → limit → decision. Every check is a phase of `judge`; nothing else decides whether a caller gets in.
import { type Api, isIdentityScope, isReservedScope } from '../config/config.ts'
import type { Code } from '../errors.ts'
import type { Allowance } from '../limits/allowance.ts'
import { type AppliedLimit, appliedLimits, needsPayer } from '../limits/policy.ts'
import type { Role } from '../store/schema.ts'
import type { MembershipRecord } from '../store/store.ts'
import type { AccessClaims } from '../tokens/claims.ts'
import type { LastUse } from './last-use.ts'
import type { Check, Decision, Judgement, Principal } from './decision.ts'
import { type Origin, type Sources, findOrigin } from './origin.ts'
import { maxCredentialLength } from './credential.ts'

const roleOrder: readonly Role[] = ['viewer', 'member', 'admin', 'owner']

/** What the origin grants before the request's organization and scopes are looked at. */
interface Standing {
  expiresAt: number | null
  /** Why it is no longer good; undefined: it is. */
  ended: string | undefined
  environment: string
  apis: readonly string[] | null
  /** Of keys and clients: the owner. */
  organizationId: string | undefined
  memberships: ReadonlyMap<string, MembershipRecord> | undefined
}

/** A token made for one organization reaches no other. */
const reached = (
  memberships: ReadonlyMap<string, MembershipRecord>,
  only: string | undefined,
): ReadonlyMap<string, MembershipRecord> => {
  if (only === undefined) return memberships
  const membership = memberships.get(only)
  return new Map(membership ? [[only, membership]] : [])
}

/** Why a token that a client has for itself, or by a person's leave, is no longer good. */
const endedGrant = ({ client, claims, grant }: Origin & { kind: 'oauth_token' }): string | undefined => {
  if (client.organization?.suspended) return 'The organization of this client is suspended.'
  if (claims.grantId === undefined)
    return claims.subject === client.id && client.organization !== null
      ? undefined
      : 'The grant behind this token does not exist.'
  // a grant is of one client and one person: a token that says otherwise was never made here
  if (grant?.clientId !== client.id || grant.userId !== claims.subject)
    return 'The grant behind this token does not exist any more.'
  if (grant.revoked) return 'What the person allowed has been revoked.'
  return grant.userActive ? undefined : 'The person behind this token is suspended.'
}

const standingOf = (origin: Origin): Standing => {
  if (origin.kind === 'oauth_token') {
    const { client, claims, grant } = origin
    return {
      expiresAt: claims.expiresAt * 1000,
      ended: endedGrant(origin),
      environment: client.environment,
      apis: client.apis,
      organizationId: grant ? undefined : client.organization?.id,
      // of somebody who acts for no organization there is none to look for
      memberships: grant && (grant.organizationId !== null || grant.allOrganizations) ? grant.memberships : undefined,
    }
  }
  const { credential } = origin
  let ended: string | undefined
  if (credential.revoked) ended = 'The credential has been revoked.'
  else if (!credential.userActive) ended = 'The owner of this token is suspended or gone.'
  else if (credential.organization?.suspended) ended = 'The organization of this key is suspended.'
  else if (credential.kind === 'api_key' && !credential.organization) ended = 'The organization of this key is gone.'
  const ends = [credential.expiresAt, 'claims' in origin ? origin.claims.expiresAt * 1000 : null].filter(
    (end) => end !== null,
  )
  return {
    expiresAt: ends.length > 0 ? Math.min(...ends) : null,
    ended,
    environment: credential.environment,
    apis: credential.apis,
    organizationId: credential.organization?.id,
    memberships:
      credential.kind === 'api_key'
        ? undefined
        : reached(credential.memberships, 'claims' in origin ? origin.claims.organizationId : undefined),
  }
}

/** Those of a person's consent that still mean something: the API's own as far as the person's present role covers them, and those about the person. */
const delegatedScopes = (
  { client, grant }: Origin & { kind: 'oauth_token' },
  api: Api,
  claimed: readonly string[],
  role: Role | undefined,
): readonly string[] =>
  claimed.filter(
    (scope) =>
      grant?.scopes.includes(scope) &&
      (client.scopes?.includes(scope) ?? !isReservedScope(scope)) &&
      (Object.hasOwn(api.scopes, scope)
        ? role === undefined || api.roleScopes[role].includes(scope)
        : isIdentityScope(scope) || scope === 'manage'),
  )

/** Scopes at this API: what was granted, never more than a token's own claim, never more than the role of its owner. */
const scopesOf = (origin: Origin, api: Api, role: Role | undefined): readonly string[] => {
  const covered = Object.keys(api.scopes)
  const claimed = 'claims' in origin ? origin.claims.scopes : undefined
  if (origin.kind === 'oauth_token') {
    if (origin.grant) return delegatedScopes(origin, api, claimed ?? [], role)
    const granted = origin.client.scopes ?? covered
    return (claimed ?? []).filter((scope) => granted.includes(scope))
  }
  const { credential } = origin
  const granted =
    credential.kind === 'api_key' ? (credential.scopes ?? covered) : role === undefined ? [] : api.roleScopes[role]
  return claimed === undefined ? granted : granted.filter((scope) => claimed.includes(scope))
}

const lowestRole = (memberships: Iterable<MembershipRecord>): Role | undefined => {
  let lowest: Role | undefined
  for (const { role } of memberships)
    if (lowest === undefined || roleOrder.indexOf(role) < roleOrder.indexOf(lowest)) lowest = role
  return lowest
}

/** Stands in `limits` until the organization is known. */
const undecided: readonly AppliedLimit[] = []

/** The principal as far as it is known before the organization; `settlePrincipal` completes it. */
const principalOf = (origin: Origin, standing: Standing): Principal => {
  const stored = origin.kind === 'oauth_token' ? undefined : origin.credential
  const claims = 'claims' in origin ? origin.claims : undefined
  const ofUser = stored !== undefined && stored.kind !== 'api_key'
  const grant = origin.kind === 'oauth_token' ? origin.grant : undefined
  // a client that a person lets manage everything stands for the whole person; anything else that was made from something does not
  const everywhere = grant
    ? grant.allOrganizations &&
      (origin as { claims: AccessClaims }).claims.scopes?.includes('manage') === true &&
      grant.scopes.includes('manage')
    : ofUser && stored.allOrganizations && claims === undefined
  return {
    kind: origin.kind,
    id: claims?.id ?? (stored?.id as string),
    subject: ofUser ? stored.userId : (stored?.id ?? (claims?.subject as string)),
    organizationId: undefined,
    memberships: standing.memberships,
    clientId: origin.kind === 'oauth_token' ? origin.client.id : undefined,
    tier: undefined,
    environment: standing.environment,
    scopes: [],
    expiresAt: standing.expiresAt ?? undefined,
    name: stored?.name ?? (origin.kind === 'oauth_token' ? origin.client.name : undefined),
    derivedFrom:
      origin.kind === 'jwt' || origin.kind === 'cwt'
        ? { kind: origin.credential.kind, id: origin.credential.id }
        : undefined,
    grant: grant && { id: grant.id, expiresAt: grant.expiresAt },
    userId: ofUser ? stored.userId : grant?.userId,
    everywhere,
    // a token held to some organizations is not its owner's whole power
    operator:
      everywhere && (grant ?? (stored?.kind === 'personal_access_token' ? stored : undefined))?.operator === true,
    apis: standing.apis ?? undefined,
    limits: undecided,
  }
}

/** Fills in what follows from the organization: tier, scopes and limits. */
const settlePrincipal = (principal: Principal, origin: Origin, api: Api, id: string | undefined): void => {
  const membership = id === undefined ? undefined : principal.memberships?.get(id)
  // who pays for what a person does is the person's organization, never the client's
  const owner =
    origin.kind === 'oauth_token'
      ? origin.grant
        ? undefined
        : origin.client.organization
      : origin.credential.organization
  principal.organizationId = id
  principal.tier = owner?.tier ?? membership?.tier
  principal.scopes = scopesOf(origin, api, membership?.role ?? lowestRole(principal.memberships?.values() ?? []))
  principal.limits = appliedLimits(api, principal.tier, principal.environment, {
    credential:
      origin.kind === 'oauth_token' ? `${origin.client.id}:${principal.subject}` : origin.credential.lineageId,
    // a stored credential and what is exchanged from it count as one, or a new token would be a new limit
    token: origin.kind === 'oauth_token' ? principal.id : origin.credential.lineageId,
    organization: id,
  })
}

/** The organization that a token was made for, or the owner of a key or client. */
const heldOrganization = (origin: Origin, standing: Standing): string | undefined =>
  standing.organizationId ?? ('claims' in origin ? origin.claims.organizationId : undefined)

/** Whose limits a refusal tells when the request's organization is not settled. */
const likelyOrganization = (origin: Origin, standing: Standing): string | undefined =>
  heldOrganization(origin, standing) ??
  (standing.memberships?.size === 1 ? standing.memberships.keys().next().value : undefined)

/** The organization that the request is for; undefined where it is for none in particular. */
const organizationOf = (
  origin: Origin,
  standing: Standing,
  api: Api,
  named: string | undefined,
): { id: string | undefined } | { code: Code; detail: string } => {
  const { memberships } = standing
  const held = heldOrganization(origin, standing)
  if (held !== undefined && named !== undefined && named !== held) {
    return {
      code: 'organization_forbidden',
      detail: 'The credential belongs to, or was made for, another organization than the request names.',
    }
  }
  if (memberships === undefined) {
    if (held === undefined && needsPayer(api))
      return {
        code: 'organization_forbidden',
        detail: 'The token is for no organization, and this API counts by organization.',
      }
    return { id: held }
  }
  const wanted = named ?? held
  if (wanted !== undefined) {
    if (memberships.has(wanted)) return { id: wanted }
    return {
      code: 'organization_forbidden',
      detail: 'The token does not reach this organization: its owner is no member, or it is not on the token’s list.',
    }
  }
  if (memberships.size === 1) return { id: memberships.keys().next().value }
  if (memberships.size === 0 && api.needsOrganization)
    return { code: 'organization_forbidden', detail: 'The token reaches no organization any more.' }
  if (needsPayer(api))
    return {
      code: 'invalid_request',
      detail: 'The token reaches several organizations and this API counts by organization: name one.',
    }
  return { id: undefined }
}

/** Told of every decision but dry runs: for metrics. */
export type Observer = (api: Api, decision: Decision) => void

export class Verifier {
  readonly #sources: Sources
  readonly #allowance: Allowance
  readonly #lastUse: LastUse
  readonly #now: () => number

  readonly #observe: Observer | undefined

  constructor(sources: Sources, allowance: Allowance, lastUse: LastUse, now: () => number, observe?: Observer) {
    this.#observe = observe
    this.#sources = sources
    this.#allowance = allowance
    this.#lastUse = lastUse
    this.#now = now
  }

  /** Judges one credential at one API. Throws only when the store cannot be asked (answered 503). */
  async judge(api: Api, judgement: Judgement): Promise<Decision> {
    const decision = await this.#judge(api, judgement)
    if (!judgement.dryRun) this.#observe?.(api, decision)
    return decision
  }

  async #judge(
    api: Api,
    { credential, scopes = [], organizationId, cost = 1, dryRun = false, exchange, thumbprint }: Judgement,
  ): Promise<Decision> {
    const now = this.#now()
    // 1. format or signature
    if (credential.length > maxCredentialLength)
      return refuse('invalid_api_key', 'format', `The credential is longer than ${maxCredentialLength} characters.`)
    const found = await findOrigin(this.#sources, credential, api, now)
    if (!('origin' in found))
      return refuse(found.expired ? 'expired_token' : 'invalid_api_key', found.check, found.detail)
    const { origin } = found
    if (exchange === undefined ? !api.profile.accepts.includes(origin.kind) : origin.kind !== exchange)
      return refuse(
        'invalid_api_key',
        'format',
        `${api.name} does not accept credentials of kind ${origin.kind}${exchange === undefined ? '' : ` in place of ${exchange}`}.`,
      )
    if ('claims' in origin && origin.claims.thumbprint !== thumbprint && origin.claims.thumbprint !== undefined)
      return refuse(
        'invalid_api_key',
        'proof',
        'The token is bound to a key that the request does not prove (RFC 9449 §7.1).',
      )
    const standing = standingOf(origin)
    // 2. expiry
    if (standing.expiresAt !== null && standing.expiresAt <= now)
      return refuse('expired_token', 'expiry', `The credential ended at ${new Date(standing.expiresAt).toISOString()}.`)
    // 3. status
    if (standing.ended !== undefined) return refuse('invalid_api_key', 'status', standing.ended)
    // from here on the caller is known: refusals carry the principal and its limits
    const principal = principalOf(origin, standing)
    const deny = async (code: Code, check: Check, detail: string, missing?: readonly string[]): Promise<Decision> => {
      if (principal.limits === undecided) settlePrincipal(principal, origin, api, likelyOrganization(origin, standing))
      const limits = await this.#allowance.peek(principal.limits, now)
      return { valid: false, code, reason: { check, detail }, principal, limits, ...(missing && { missing }) }
    }
    // 4. environment and API
    if (!api.environments.has(standing.environment)) {
      return deny(
        'environment_mismatch',
        'environment',
        `The credential belongs to "${standing.environment}"; ${api.name} serves ${[...api.environments].join(', ')}.`,
      )
    }
    if (standing.apis !== null && !standing.apis.includes(api.name))
      return deny('forbidden', 'api', `The credential is held to ${standing.apis.join(', ')}.`)
    // 5. organization
    const organization = organizationOf(origin, standing, api, organizationId)
    if ('code' in organization) return deny(organization.code, 'organization', organization.detail)
    settlePrincipal(principal, origin, api, organization.id)
    // 6. scope
    const missing = scopes.filter((scope) => !principal.scopes.includes(scope))
    if (missing.length > 0)
      return deny('insufficient_scope', 'scope', `The credential lacks ${missing.join(' ')}.`, missing)
    // 7. limit
    if (dryRun) {
      const limits = await this.#allowance.peek(principal.limits, now)
      const refused = limits.find((limit) => limit.remaining < cost)
      return refused
        ? { valid: false, code: 'rate_limit_exceeded', reason: limitReason(refused.name), principal, limits, refused }
        : { valid: true, code: 'valid', principal, limits }
    }
    const { refused, states } = await this.#allowance.spend(exchange === undefined ? principal.limits : [], cost, now)
    if (refused)
      return {
        valid: false,
        code: 'rate_limit_exceeded',
        reason: limitReason(refused.name),
        principal,
        limits: states,
        refused,
      }
    // 8. decision
    this.#lastUse.touch(origin.kind === 'oauth_token' ? origin.client.id : origin.credential.id, now)
    return { valid: true, code: 'valid', principal, limits: states }
  }
}

const refuse = (code: Code, check: Check, detail: string): Decision => ({
  valid: false,
  code,
  reason: { check, detail },
  limits: [],
})

const limitReason = (name: string) => ({ check: 'limit' as const, detail: `The limit "${name}" is used up.` })
