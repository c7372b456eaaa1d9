// What a credential is worth at an API: what its origin grants, the organization that a request is for, and the principal that follows from both.
import { type Api, isIdentityScope, isReservedScope } from '../config/config.ts'
import type { Code } from '../errors.ts'
import { networksOf } from './networks.ts'
import { appliedLimits, needsPayer } from '../limits/policy.ts'
import type { Network } from '../network.ts'
import type { Role } from '../store/schema.ts'
import type { ClientRecord, CredentialRecord, GrantRecord, MembershipRecord } from '../store/store.ts'
import type { Attribution, Principal } from './decision.ts'
import type { Origin } from './origin.ts'

const roleOrder: readonly Role[] = ['viewer', 'member', 'admin', 'owner']

/** What the origin grants before the request's organization and scopes are looked at. */
export interface Standing {
  expiresAt: number | null
  /** Why it is no longer good; undefined: it is. */
  ended: string | undefined
  environment: string
  apis: readonly string[] | null
  /** Where it may be used from; undefined: anywhere. */
  networks: readonly Network[] | undefined
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

/** Of stored credentials that were presented themselves: records never change, so that it is made once for each. */
const standings = new WeakMap<CredentialRecord, Standing>()

export const standingOf = (origin: Origin): Standing => {
  if ('claims' in origin) return makeStanding(origin)
  let standing = standings.get(origin.credential)
  if (!standing) standings.set(origin.credential, (standing = makeStanding(origin)))
  return standing
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

const makeStanding = (origin: Origin): Standing => {
  if (origin.kind === 'oauth_token') {
    const { client, claims, grant } = origin
    return {
      expiresAt: claims.expiresAt * 1000,
      ended: endedGrant(origin),
      environment: client.environment,
      apis: client.apis,
      networks: undefined,
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
    networks: networksOf(credential),
    organizationId: credential.organization?.id,
    memberships:
      credential.kind === 'api_key'
        ? undefined
        : reached(credential.memberships, 'claims' in origin ? origin.claims.organizationId : undefined),
  }
}

/** Those of a person's consent that still mean something: the API's own as far as the person's present role covers them, and those about the person. */
const delegatedScopes = (
  client: ClientRecord,
  grant: GrantRecord,
  api: Api,
  claimed: readonly string[],
  role: Role | undefined,
): readonly string[] =>
  claimed.filter(
    (scope) =>
      grant.scopes.includes(scope) &&
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
    if (origin.grant) return delegatedScopes(origin.client, origin.grant, api, claimed ?? [], role)
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

/** What a new token by a person's leave may say: what was allowed, as far as client and role still go. */
export const presentScopes = (client: ClientRecord, grant: GrantRecord, api: Api): readonly string[] =>
  delegatedScopes(client, grant, api, grant.scopes, lowestRole(grant.memberships.values()))

/** The latest principal of each stored credential: nearly all are used at one API, for one organization. */
const principals = new WeakMap<CredentialRecord, { api: Api; principal: Principal }>()

/** Whom the request is made by, for the organization `id`. */
export const principalOf = (origin: Origin, standing: Standing, api: Api, id: string | undefined): Principal => {
  if ('claims' in origin) return makePrincipal(origin, standing, api, id)
  const latest = principals.get(origin.credential)
  if (latest?.api === api && latest.principal.organizationId === id) return latest.principal
  const principal = makePrincipal(origin, standing, api, id)
  principals.set(origin.credential, { api, principal })
  return principal
}

const makePrincipal = (origin: Origin, standing: Standing, api: Api, id: string | undefined): Principal => {
  const stored = origin.kind === 'oauth_token' ? undefined : origin.credential
  const ofUser = stored !== undefined && stored.kind !== 'api_key'
  const grant = origin.kind === 'oauth_token' ? origin.grant : undefined
  const { memberships, environment } = standing
  const membership = id === undefined ? undefined : memberships?.get(id)
  const scopes = scopesOf(origin, api, membership?.role ?? lowestRole(memberships?.values() ?? []))
  // a client that a person lets manage everything stands for the whole person; anything else that was made from something does not
  const everywhere =
    origin.kind === 'oauth_token'
      ? grant?.allOrganizations === true && scopes.includes('manage')
      : ofUser && stored.allOrganizations && !('claims' in origin)
  // who pays for what a person does is the person's organization, never the client's
  const owner = 'credential' in origin ? origin.credential.organization : grant ? undefined : origin.client.organization
  const tier = owner?.tier ?? membership?.tier
  const tokenId = 'claims' in origin ? origin.claims.id : origin.credential.id
  const subject =
    origin.kind === 'oauth_token' ? origin.claims.subject : ofUser ? origin.credential.userId : origin.credential.id
  return {
    kind: origin.kind,
    id: tokenId,
    subject,
    organizationId: id,
    memberships,
    clientId: origin.kind === 'oauth_token' ? origin.client.id : undefined,
    tier,
    environment,
    scopes,
    issuedAt: 'claims' in origin ? origin.claims.issuedAt * 1000 : origin.credential.createdAt,
    expiresAt: standing.expiresAt ?? undefined,
    thumbprint: 'claims' in origin ? origin.claims.thumbprint : undefined,
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
    networks: standing.networks,
    limits: appliedLimits(api, tier, environment, {
      credential: origin.kind === 'oauth_token' ? `${origin.client.id}:${subject}` : origin.credential.lineageId,
      // a stored credential and what is exchanged from it count as one, or a new token would be a new limit
      token: origin.kind === 'oauth_token' ? tokenId : origin.credential.lineageId,
      organization: id,
    }),
  }
}

/** The organization that a token was made for, or the owner of a key or client. */
const heldOrganization = (origin: Origin, standing: Standing): string | undefined =>
  standing.organizationId ?? ('claims' in origin ? origin.claims.organizationId : undefined)

/** Whose limits a refusal tells when the request's organization is not settled. */
export const likelyOrganization = (origin: Origin, standing: Standing): string | undefined =>
  heldOrganization(origin, standing) ??
  (standing.memberships?.size === 1 ? standing.memberships.keys().next().value : undefined)

/** Whose a credential is that gets no further. */
export const attributionOf = (origin: Origin, standing: Standing): Attribution => {
  const { kind } = origin
  const person = kind === 'oauth_token' ? origin.grant?.userId : origin.credential.userId
  return {
    ownerId: likelyOrganization(origin, standing) ?? person ?? '',
    kind,
    credentialId: kind === 'oauth_token' ? origin.client.id : origin.credential.id,
    environment: standing.environment,
  }
}

/** The organization that the request is for; undefined where it is for none in particular. */
export const organizationOf = (
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
    if (held === undefined && named !== undefined)
      return {
        code: 'organization_forbidden',
        detail: 'The token is for no organization, and the request names one.',
      }
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
