// RFC 6749 §6: a refresh token for new tokens, with the same scopes or fewer, and the next refresh token.
import { hashOf } from '../../credentials/format.ts'
import { grantTypes } from '../../clients/settings.ts'
import type { ClientRecord } from '../../store/store.ts'
import { delegated, invalidGrant } from '../delegated.ts'
import { OAuthError } from '../errors.ts'
import type { Grant } from '../grant.ts'
import { bindToKey, rotateRefreshToken } from '../refresh-tokens.ts'

const maxTokenLength = 100

export const refreshToken: Grant = {
  grantType: grantTypes.refreshToken,
  needsClient: true,
  parameters: ['refresh_token'],
  takesAudience: false,
  async handle(deps, { client: caller, parameters, thumbprint }) {
    const { store, box, config, now } = deps
    const client = caller as ClientRecord // needsClient
    const token = parameters.get('refresh_token')
    if (token === undefined) throw new OAuthError('invalid_request', 'Send the refresh_token')
    if (token.length > maxTokenLength) throw invalidGrant('the refresh token is too long')
    const row = await store.db
      .selectFrom('refresh_tokens')
      .innerJoin('grants', 'grants.id', 'refresh_tokens.grant_id')
      .selectAll('grants')
      .select('refresh_tokens.expires_at as token_expires_at')
      .where('refresh_tokens.hash', '=', hashOf(token))
      .executeTakeFirst()
    if (!row) throw invalidGrant('there is no such refresh token')
    const { token_expires_at: expiresAt, ...grant } = row
    if (grant.client_id !== client.id) throw invalidGrant('the refresh token was given to another client')
    if (expiresAt <= now()) throw invalidGrant('the refresh token has expired')
    if (grant.jkt !== null && grant.jkt !== thumbprint)
      throw invalidGrant('the proof is not by the key that the refresh token is bound to')
    return delegated(deps, {
      client,
      grant,
      async consume(trx, binding) {
        const successor = await rotateRefreshToken(
          trx,
          box,
          token,
          grant,
          thumbprint,
          config.oauth.refreshIdleMs,
          now(),
        )
        if (successor === undefined) return 'used'
        await bindToKey(trx, client, grant, binding)
        return { refreshToken: successor }
      },
    })
  },
}
