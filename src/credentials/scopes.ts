// What a key may be allowed: the scopes of its APIs, and the reserved ones of Latchkey itself.
import type { Area } from '../accounts/actor.ts'
import { type Api, type Config, identityScopes } from '../config/config.ts'
import { Refusal } from '../errors.ts'
import type { Role } from '../store/schema.ts'

const areas: Record<Area, true> = {
  'api-keys': true,
  clients: true,
  members: true,
  audit: true,
  usage: true,
  organizations: true,
  alerts: true,
}

/** Scopes that only operators grant. */
const reservedScopes: readonly string[] = [
  'verify',
  'introspect',
  'metrics',
  'manage',
  ...Object.keys(areas).map((area) => `manage:${area}`),
]

/** The APIs that `names` hold a key to; null: all. Names that the configuration no longer has are passed over. */
export const apisOf = (config: Config, names: readonly string[] | null): readonly Api[] => {
  const all = [...config.apis.values(), config.management]
  return names === null ? all : all.filter(({ name }) => names.includes(name))
}

/** Throws `invalid_request` for a name that is no API. The management API counts too: a key held away from it cannot use a reserved scope. */
export const requireApis = (config: Config, names: readonly string[]): void => {
  const known = apisOf(config, null).map(({ name }) => name)
  const unknown = names.find((name) => !known.includes(name))
  if (unknown !== undefined)
    throw new Refusal('invalid_request', `There is no API "${unknown}"; there are ${known.join(', ')}.`)
}

/** Every scope that one of the APIs calls its own. */
export const ownScopes = (apis: readonly Api[]): string[] => [
  ...new Set(apis.flatMap((api) => Object.keys(api.scopes))),
]

/** Throws `invalid_request` for a scope that neither one of the APIs has nor is reserved. */
export const requireKnownScopes = (apis: readonly Api[], scopes: readonly string[]): void => {
  const known = [...ownScopes(apis), ...reservedScopes, ...Object.keys(identityScopes)]
  const unknown = scopes.find((scope) => !known.includes(scope))
  if (unknown !== undefined)
    throw new Refusal('invalid_request', `There is no scope "${unknown}" here; there are ${known.join(' ')}.`)
}

/** The different scopes of a space-separated list (RFC 6749 §3.3). */
export const splitScopes = (text: string): string[] => [...new Set(text.split(' ').filter(Boolean))]

/**
 * Those of the APIs' own scopes that the role covers. A scope that several APIs have must be covered at each of them:
 * a key's scopes hold at all of its APIs alike.
 */
export const scopesOfRole = (apis: readonly Api[], role: Role): string[] =>
  ownScopes(apis).filter((scope) => apis.every((api) => !(scope in api.scopes) || api.roleScopes[role].includes(scope)))
