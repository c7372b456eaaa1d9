// RFC 6749 §4.1.2: the person has allowed it: a grant, remembered, and the code that stands for it.
import { randomUUIDv7 } from 'node:crypto'
import type { Transaction } from 'kysely'
import { type SessionOrigin, sessionActor, type Session } from '../../accounts/sessions.ts'
import type { Config } from '../../config/config.ts'
import { hashOf, makeSecret } from '../../credentials/format.ts'
import type { Schema } from '../../store/schema.ts'
import type { Store } from '../../store/store.ts'
import { codeLifetimeMs, createGrant } from '../person-grant.ts'
import { usePushedRequest } from '../pushed-requests.ts'
import type { Reach } from './next-step.ts'
import type { AuthorizationRequest } from './request.ts'

/** What the person may give away: of the API's scopes those that the role in the organization covers. */
export const grantableScopes = (
  { api, scopes }: Pick<AuthorizationRequest, 'api' | 'scopes'>,
  reach: Reach,
): readonly string[] => {
  if (reach === undefined || reach === 'all') return scopes
  return scopes.filter((scope) => !Object.hasOwn(api.scopes, scope) || api.roleScopes[reach.role].includes(scope))
}

const remember = async (
  trx: Transaction<Schema>,
  { client, api }: AuthorizationRequest,
  userId: string,
  organizationId: string | null,
  scopes: readonly string[],
  now: number,
): Promise<void> => {
  await trx
    .deleteFrom('consents')
    .where('user_id', '=', userId)
    .where('client_id', '=', client.id)
    .where('api', '=', api.name)
    .where('organization_id', organizationId === null ? 'is' : '=', organizationId)
    .execute()
  await trx
    .insertInto('consents')
    .values({
      id: randomUUIDv7(),
      user_id: userId,
      client_id: client.id,
      organization_id: organizationId,
      api: api.name,
      scopes: scopes.join(' '),
      created_at: now,
    })
    .execute()
}

/** The code; undefined where the request was a pushed one that has been used meanwhile. */
export const allow = async (
  { store, config }: { store: Store; config: Config },
  request: AuthorizationRequest,
  { session, reach, pushedUri }: { session: Session; reach: Reach; pushedUri: string | undefined },
  origin: SessionOrigin,
  now: number,
): Promise<string | undefined> => {
  if (pushedUri !== undefined && !(await usePushedRequest(store, pushedUri))) return undefined
  return store.transaction(async (trx) => {
    const { client, api } = request
    const { userId, authenticatedAt, methods } = session
    const organizationId = reach === undefined || reach === 'all' ? null : reach.id
    const scopes = grantableScopes(request, reach)
    const grant = await createGrant(
      trx,
      config,
      { client, api, userId, organizationId, allOrganizations: reach === 'all', scopes, authenticatedAt, methods },
      sessionActor(session, origin),
      now,
    )
    // what was asked for is remembered: a role that covers less of it now may cover it later
    await remember(trx, request, userId, organizationId, request.scopes, now)
    const code = makeSecret('ac_')
    await trx
      .insertInto('codes')
      .values({
        hash: hashOf(code),
        grant_id: grant.id,
        redirect_uri: request.namedRedirectUri,
        code_challenge: request.codeChallenge,
        nonce: request.nonce,
        jkt: request.thumbprint,
        created_at: now,
        expires_at: now + codeLifetimeMs,
        redeemed_at: null,
      })
      .execute()
    return code
  })
}
