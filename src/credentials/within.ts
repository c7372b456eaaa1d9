// "No credential makes one that can do more, reach further or outlive it": the one place where that is held for API keys and clients.
import { type Actor, roleIn } from '../accounts/actor.ts'
import { type Config, isIdentityScope, isReservedScope } from '../config/config.ts'
import { Refusal } from '../errors.ts'
import { type Network, areWithin, formatNetwork } from '../network.ts'
import { requireNotOutlived } from './expiry.ts'
import { apisOf, ownScopes, scopesOfRole } from './scopes.ts'

/** What a key or client can do, where, and until when. */
export interface Powers {
  organizationId: string
  environment: string
  /** null: all. */
  apis: readonly string[] | null
  /** null: whatever its APIs' own scopes cover. */
  scopes: readonly string[] | null
  /** Unix milliseconds; null: never. */
  expiresAt: number | null
  /** Where it may be used from; absent or null: from anywhere. */
  networks?: readonly Network[] | null
}

/** A JWT or CWT has its own scopes, which may be fewer than those of what it was exchanged from; so has what a person allowed a client, but for `manage`. */
export const isExchanged = (actor: Actor): boolean =>
  actor.kind === 'jwt' || actor.kind === 'cwt' || (actor.kind === 'oauth_token' && !actor.scopes.includes('manage'))

/** A credential may change and rotate itself, whatever it can do: the new one can do no more. What was exchanged from it may not. */
export const isItself = (actor: Actor, { kind, id }: { kind: string; id: string }): boolean =>
  actor.kind === kind && actor.id === id

const forbidden = (message: string): never => {
  throw new Refusal('forbidden', message)
}

/** Throws `forbidden` where these powers would exceed the actor's. */
export const requireWithin = (
  config: Config,
  actor: Actor,
  { organizationId, environment, apis, scopes: asked, expiresAt, networks = null }: Powers,
): void => {
  requireNotOutlived(actor, expiresAt)
  if (actor.operator) return
  const from = actor.networks
  if (from !== undefined && (networks === null || !areWithin(networks, from)))
    forbidden(
      `Your credential may be used from ${from.map(formatNetwork).join(', ')} alone; what it makes is held to addresses among these.`,
    )
  // what tells of a person is that person's alone to allow
  const scopes = asked?.filter((scope) => !isIdentityScope(scope)) ?? null
  const reserved = scopes?.find(isReservedScope)
  if (reserved !== undefined) forbidden(`Only operators grant the scope ${reserved}.`)
  if (actor.environment !== undefined && actor.environment !== environment)
    forbidden(`Your credential belongs to the environment ${actor.environment}; what it makes belongs there too.`)
  const heldTo = actor.apis
  if (heldTo !== undefined && (apis === null || apis.some((name) => !heldTo.includes(name))))
    forbidden(`Your credential is held to the APIs ${heldTo.join(', ')}; name "apis" among them.`)
  if (actor.userId === undefined || isExchanged(actor)) {
    const own = actor.scopes.filter((scope) => !isReservedScope(scope))
    if (scopes === null || scopes.some((scope) => !own.includes(scope))) {
      forbidden(
        own.length > 0
          ? `Your credential can pass on the scopes ${own.join(' ')}; name "scopes" among them.`
          : 'Your credential has no scopes that it could pass on.',
      )
    }
  }
  const role = roleIn(actor, organizationId)
  if (role === undefined) return
  const reach = apisOf(config, apis)
  const covered = scopesOfRole(reach, role)
  const beyond = (scopes ?? ownScopes(reach)).find((scope) => !covered.includes(scope))
  if (beyond !== undefined)
    forbidden(
      `The role ${role} does not cover the scope ${beyond} at every API; it covers ${covered.join(' ') || 'none'}. Name fewer "scopes" or "apis".`,
    )
}
