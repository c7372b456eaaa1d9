// What every grant by a person's leave hands out, however it came about: an access token, a refresh token where the client may
// have one, and an id_token where the person is to be known (OpenID Connect Core §3.1.3.3).
import type { Transaction } from 'kysely'
import type { Schema } from '../store/schema.ts'
import type { ClientRecord } from '../store/store.ts'
import { OAuthError } from './errors.ts'
import type { Authorization, Binding, OAuthDeps } from './grant.ts'
import { makeIdToken } from './id-token.ts'
import { presentScopes } from '../verify/principal.ts'
import { type PersonGrant, grantedApi, whyEnded } from './person-grant.ts'

/** The one answer to a code or refresh token that is not good, for whatever reason. */
export const invalidGrant = (reason: string): OAuthError =>
  new OAuthError(
    'invalid_grant',
    'What was presented is not valid, has expired, was used before, or is of another client',
    {
      reason,
    },
  )

export interface Delegation {
  client: ClientRecord
  grant: PersonGrant
  nonce?: string | undefined
  /**
   * Uses up what was presented and makes the next refresh token, in one transaction. `used`: somebody was first; what that
   * calls for has been done. `refreshToken` undefined: the client may not have one.
   */
  consume: (trx: Transaction<Schema>, binding: Binding) => Promise<{ refreshToken: string | undefined } | 'used'>
}

/** Throws `invalid_grant` where the grant does not stand any more. */
export const delegated = async (
  deps: OAuthDeps,
  { client, grant, nonce, consume }: Delegation,
): Promise<Authorization> => {
  const { config, store, mint, now } = deps
  const record = await store.lookups.grantById(grant.id)
  const ended = whyEnded(record, now())
  if (record === undefined || ended !== undefined) throw invalidGrant(ended ?? 'the grant is gone')
  const api = grantedApi(config, grant.api)
  if (!api) throw invalidGrant(`there is no API ${grant.api} any more`)
  return {
    kinds: ['oauth_token'],
    api,
    delegated: true,
    at: async () => ({
      // who verifies by the published keys alone sees what the token says, and nothing of what has changed since
      scopes: presentScopes(client, record, api),
      environment: client.environment,
      async mint(scopes, binding) {
        const consumed = await store.transaction((trx) => consume(trx, binding))
        if (consumed === 'used') throw invalidGrant('it was used before')
        const leftSeconds = Math.floor((grant.expires_at - now()) / 1000)
        const minted = await mint.accessToken(api, {
          subject: grant.user_id,
          clientId: client.id,
          grantId: grant.id,
          scopes,
          organizationId: grant.organization_id ?? undefined,
          environment: client.environment,
          thumbprint: binding.thumbprint,
          lifetimeSeconds: Math.max(1, Math.min(api.profile.token.lifetimeSeconds, leftSeconds)),
        })
        const idToken = scopes.includes('openid')
          ? await makeIdToken(deps, {
              client,
              userId: grant.user_id,
              authenticatedAt: grant.authenticated_at,
              methods: grant.methods.split(' '),
              nonce,
              accessToken: minted.token,
            })
          : undefined
        return {
          ...minted,
          members: {
            ...(consumed.refreshToken !== undefined && { refresh_token: consumed.refreshToken }),
            ...(idToken !== undefined && { id_token: idToken }),
          },
        }
      },
    }),
  }
}
