// RFC 7009: whoever a token was issued to gives it back. Once answered, no process on the store takes it again.
import { type Actor, actorWith } from '../accounts/actor.ts'
import { recordChange } from '../audit/record.ts'
import { clientParameters } from '../clients/authenticate.ts'
import { hashOf, parseCredential } from '../credentials/format.ts'
import { revokePresented } from '../credentials/revoke.ts'
import type { ClientRecord } from '../store/store.ts'
import type { AccessClaims } from '../tokens/claims.ts'
import { peekClaims } from '../tokens/peek-token.ts'
import { claimedApi } from './audience.ts'
import { callingClient } from './calling-client.ts'
import { invalidClient, OAuthError } from './errors.ts'
import { type FormRequest, parseForm } from './form.ts'
import type { OAuthDeps } from './grant.ts'
import { revokeGrant } from './person-grant.ts'

export interface RevocationRequest extends FormRequest {
  /** For the audit trail. */
  ip: string
  requestId: string
}

/** What was ended, for the log. */
export interface Revoked {
  kind: string
  id: string
}

/**
 * Answers one revocation request; undefined where it changed nothing. That a token is unknown, ended already or another client's is
 * not told (§2.2: the purpose is reached, or was never the caller's). Throws OAuthError.
 *
 * Keys, personal access tokens and what was exchanged for one belong to no client: whoever holds one may end it, as whoever finds one should.
 */
export const revokeToken = async (deps: OAuthDeps, request: RevocationRequest): Promise<Revoked | undefined> => {
  // token_type_hint is but a hint (§2.1): the form of a token says more
  const parameters = parseForm(request.body).once(['token', 'token_type_hint', ...clientParameters])
  const token = parameters.get('token')
  if (token === undefined) throw new OAuthError('invalid_request', 'Send the token')
  const client = await callingClient(deps, { authorizationHeaders: request.authorizationHeaders, parameters })
  const actor = (kind: string, id: string): Actor =>
    actorWith({ kind, id, ip: request.ip, requestId: request.requestId })

  const own = parseCredential(token, deps.config.keyPrefixes)
  if (own) return revokePresented(deps.store, (id) => actor(own.kind, id), own.kind, hashOf(token), deps.now())

  const claimed = peekClaims(token)
  const isExchanged = claimed?.key_id !== undefined
  if (!client && !isExchanged) throw invalidClient('no client authentication was sent', false)
  if (!claimed) return client && endGrant(deps, client, actor('client', client.id), token)

  const api = claimedApi(deps.config, claimed)
  const read = api && (await deps.tokens.read(token, api, deps.now()))
  if (!read?.ok) return undefined
  const { claims, kind } = read
  if (kind !== 'oauth_token') return revokeById(deps, actor(kind, claims.keyId as string), claims)
  if (client === undefined || claims.clientId !== client.id) return undefined
  return revokeById(deps, actor('client', client.id), claims)
}

/** A refresh token, used up ones too, ends what it stands on: all that was made from the grant (§2.1). */
const endGrant = async (
  { store, now }: OAuthDeps,
  client: ClientRecord,
  actor: Actor,
  refreshToken: string,
): Promise<Revoked | undefined> => {
  const grant = await store.db
    .selectFrom('refresh_tokens')
    .innerJoin('grants', 'grants.id', 'refresh_tokens.grant_id')
    .select(['grants.id', 'grants.organization_id', 'grants.client_id', 'grants.user_id'])
    .where('refresh_tokens.hash', '=', hashOf(refreshToken))
    .where('grants.client_id', '=', client.id)
    .executeTakeFirst()
  if (!grant) return undefined
  const ended = await store.transaction((trx) => revokeGrant(trx, grant, 'the client gave it back', now(), actor))
  return ended ? { kind: 'grant', id: grant.id } : undefined
}

/** One access token by its `jti` or `cti`, remembered until it would have ended anyway. */
const revokeById = (
  { store, now }: OAuthDeps,
  actor: Actor,
  { id, expiresAt, organizationId }: AccessClaims,
): Promise<Revoked | undefined> =>
  store.transaction(async (trx) => {
    const { numInsertedOrUpdatedRows } = await trx
      .insertInto('revoked_tokens')
      .values({ id, expires_at: expiresAt * 1000 })
      .onConflict((conflict) => conflict.column('id').doNothing())
      .executeTakeFirstOrThrow()
    if (!numInsertedOrUpdatedRows) return undefined
    await recordChange(trx, actor, now(), {
      action: 'access_token.revoked',
      targetKind: 'access_token',
      targetId: id,
      organizationId: organizationId ?? null,
    })
    return { kind: 'access_token', id }
  })
