// RFC 6749 §2.3, §3.2.1: the client behind a request to an OAuth endpoint, and what it may ask for.
import { authenticateClient, type ClientRequest } from '../clients/authenticate.ts'
import { type MaybePromise, andThen } from '../store/maybe-promise.ts'
import type { ClientRecord } from '../store/store.ts'
import { invalidClient, OAuthError } from './errors.ts'
import type { OAuthDeps } from './grant.ts'

/** The client that proves itself; undefined where the request speaks for none. Throws `invalid_client` or `invalid_request`. */
export const callingClient = (deps: OAuthDeps, request: ClientRequest): MaybePromise<ClientRecord | undefined> =>
  andThen(authenticateClient(deps, request), (authentication) => {
    switch (authentication.outcome) {
      case 'ambiguous':
        throw new OAuthError('invalid_request', authentication.detail)
      case 'failed':
        throw invalidClient(authentication.detail, authentication.challenge)
      case 'absent':
        return undefined
      case 'authenticated':
        return authentication.client
    }
  })

/** As `callingClient`, for endpoints that need one. */
export const requireClient = (deps: OAuthDeps, request: ClientRequest): MaybePromise<ClientRecord> =>
  andThen(callingClient(deps, request), (client) => {
    if (!client) throw invalidClient('no client authentication was sent', false)
    return client
  })

/** Throws `unauthorized_client`. */
export const requireGrant = ({ id, grants }: ClientRecord, grantType: string): void => {
  if (!grants.includes(grantType))
    throw new OAuthError('unauthorized_client', 'This client may not use this grant type', {
      reason: `client ${id} lacks the grant ${grantType}`,
    })
}
