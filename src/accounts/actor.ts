// Who asks for a change, and what they may do: the one place where management rights are decided.
import { Refusal } from '../errors.ts'
import type { Network } from '../network.ts'
import type { Role } from '../store/schema.ts'

export interface Actor {
  /** `local`: the command line on the store itself; `operator link`: a set-up link; else the kind of credential. */
  kind: string
  /** The credential's id (or `local`): what the audit trail names. */
  id: string
  /** The person behind a personal access token. */
  userId: string | undefined
  /** Stands for the whole person: a token that reaches whatever its owner joins, not one held to organizations nor one exchanged from it. */
  everywhere: boolean
  operator: boolean
  /** Present roles in the organizations that the credential reaches; those of a key or client are in `organizationId`. */
  roles: ReadonlyMap<string, Role>
  /** The owner of an API key or client. */
  organizationId: string | undefined
  scopes: readonly string[]
  /** Unix milliseconds; what it makes ends no later. */
  expiresAt: number | undefined
  /** Environment and APIs that a key or client is held to; undefined: not held. */
  environment: string | undefined
  apis: readonly string[] | undefined
  /** Where a key may be used from; undefined: anywhere. */
  networks: readonly Network[] | undefined
  ip: string | undefined
  requestId: string | undefined
  /** Of a session, Unix milliseconds: when its person last proved who they are. */
  authenticatedAt: number | undefined
}

/** An actor who may do no more than what is given says. */
export const actorWith = (given: Pick<Actor, 'kind' | 'id'> & Partial<Actor>): Actor => ({
  userId: undefined,
  everywhere: false,
  operator: false,
  roles: new Map(),
  organizationId: undefined,
  scopes: [],
  expiresAt: undefined,
  environment: undefined,
  apis: undefined,
  networks: undefined,
  ip: undefined,
  requestId: undefined,
  authenticatedAt: undefined,
  ...given,
})

/** Areas of an organization that a key or client manages with the reserved scope `manage:<area>`. */
export type Area = 'api-keys' | 'clients' | 'members' | 'audit' | 'usage' | 'organizations' | 'alerts'

const rank: Record<Role, number> = { viewer: 0, member: 1, admin: 2, owner: 3 }

export const hasRole = (role: Role | undefined, needed: Role): boolean =>
  role !== undefined && rank[role] >= rank[needed]

/** The role that the actor has in the organization as a person; undefined: none, or not a person. */
export const roleIn = (actor: Actor, organizationId: string): Role | undefined => actor.roles.get(organizationId)

/**
 * Lets operators, people of at least `needed` role, and the organization's keys and clients with `manage:<area>` pass (these as admins, never as owners).
 * Throws `organization_forbidden` alike for organizations that are foreign and that do not exist, `insufficient_scope` or `forbidden` else.
 */
export const requireRole = (actor: Actor, organizationId: string, needed: Role, area: Area): void => {
  if (actor.operator) return
  const role = roleIn(actor, organizationId)
  if (role !== undefined) {
    if (hasRole(role, needed)) return
    throw new Refusal('forbidden', `This needs the role ${needed}; yours in this organization is ${role}.`)
  }
  if (actor.organizationId !== organizationId) throw new Refusal('organization_forbidden')
  const scope = `manage:${area}`
  if (!actor.scopes.includes(scope))
    throw new Refusal('insufficient_scope', `This needs the scope ${scope}, which an operator grants.`, {
      missing: [scope],
    })
  if (!hasRole('admin', needed)) throw new Refusal('forbidden', `This needs a person with the role ${needed}.`)
}

export const requireOperator = (actor: Actor, what: string): void => {
  if (!actor.operator) throw new Refusal('forbidden', `Only operators ${what}.`)
}

/** The person that acts. Throws `forbidden` for keys and clients. */
export const requireUser = (actor: Actor): string => {
  if (actor.userId === undefined) throw new Refusal('forbidden', 'This needs a person: use a personal access token.')
  return actor.userId
}

/**
 * The person, by what stands for all of them: a browser, or a token that reaches whatever they join and was not exchanged. Throws `forbidden`
 * for everything narrower.
 */
export const requireWholePerson = (actor: Actor): string => {
  const userId = requireUser(actor)
  if (!actor.everywhere)
    throw new Refusal('forbidden', 'This needs a token that reaches all of your organizations, or a browser.')
  return userId
}

/** A person at a browser. Throws `forbidden` for whatever else acts: what guards an account is not a credential's to change. */
export const requireSession = (actor: Actor): string => {
  if (actor.kind !== 'session' || actor.userId === undefined)
    throw new Refusal('forbidden', 'This is done signed in to the dashboard, not with a credential.')
  return actor.userId
}

/** How long a proof of who one is counts for dangerous steps (OWASP ASVS 5.0 §7.5). */
export const recentMs = 15 * 60_000

/** Both in Unix milliseconds. */
export const isRecentProof = (authenticatedAt: number, now: number): boolean => now - authenticatedAt <= recentMs

/**
 * For steps that a stolen browser must not be enough for: a session whose person proved who they are in the last quarter of an hour.
 * Credentials other than sessions pass. Throws `reauthentication_required`. `now`: Unix milliseconds.
 */
export const requireRecent = ({ authenticatedAt }: Actor, now: number): void => {
  if (authenticatedAt !== undefined && !isRecentProof(authenticatedAt, now))
    throw new Refusal('reauthentication_required')
}
