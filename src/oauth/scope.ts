// RFC 6749 §3.3: the scopes that are asked for, and those that an API can carry.
import { type Api, identityScopes, isIdentityScope, isReservedScope } from '../config/config.ts'
import type { ClientRecord } from '../store/store.ts'
import { OAuthError } from './errors.ts'

const form = /^[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*$/

/** The different scopes of a `scope` parameter, in its order; undefined where there is none. Throws `invalid_scope`. */
export const requestedScopes = (text: string | undefined): string[] | undefined => {
  if (text === undefined) return undefined
  if (!form.test(text))
    throw new OAuthError('invalid_scope', 'The scope is malformed: write scope tokens with single spaces between them')
  return [...new Set(text.split(' '))]
}

/** Those of `scopes` that mean something at `api`: its own, and the reserved ones where requests of this environment go to Latchkey itself. */
export const carriedScopes = (api: Api, environment: string, scopes: readonly string[]): string[] => {
  const isManagement = api.upstreams.get(environment)?.kind === 'management'
  return scopes.filter((scope) => Object.hasOwn(api.scopes, scope) || (isManagement && isReservedScope(scope)))
}

/** What a person may allow the client at `api`: its own scopes, those about the person, and at Latchkey itself `manage`. */
export const delegableScopes = (api: Api, { scopes, environment }: ClientRecord): string[] => {
  const isManagement = api.upstreams.get(environment)?.kind === 'management'
  return (scopes ?? [...Object.keys(api.scopes), ...Object.keys(identityScopes)]).filter(
    (scope) => Object.hasOwn(api.scopes, scope) || isIdentityScope(scope) || (isManagement && scope === 'manage'),
  )
}

/** The scopes of the token: what was asked for, all of which must be allowed; not asked for, all that is. Throws `invalid_scope`. */
export const grantedScopes = (asked: readonly string[] | undefined, allowed: readonly string[]): readonly string[] => {
  if (asked === undefined) return allowed
  if (asked.some((scope) => !allowed.includes(scope)))
    throw new OAuthError(
      'invalid_scope',
      `The scope goes beyond what may be granted here: ${allowed.join(' ') || 'none'}`,
    )
  return asked
}

/** What a person is asked for. Not asked for anything: all that the API has for this client, and nothing about the person. Throws `invalid_scope`. */
export const personScopes = (api: Api, client: ClientRecord, text: string | undefined): readonly string[] => {
  const allowed = delegableScopes(api, client)
  const asked = requestedScopes(text)
  return asked === undefined
    ? allowed.filter((scope) => Object.hasOwn(api.scopes, scope))
    : grantedScopes(asked, allowed)
}
