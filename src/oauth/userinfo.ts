// OpenID Connect Core §5.3: who has let a client know them, told to whoever holds the access token for it.
import { peekClaims } from '../tokens/peek-token.ts'
import type { Decision, Principal } from '../verify/decision.ts'
import { claimedApi } from './audience.ts'
import { OAuthError } from './errors.ts'
import type { OAuthDeps } from './grant.ts'
import { subjectOf } from './subject.ts'

/** Claims by the scope that opens them (§5.4). */
export interface UserInfo {
  sub: string
  name?: string
  email?: string
  email_verified?: boolean
}

const challenge = (error: string, more = ''): Record<string, string> => ({
  'www-authenticate': `Bearer realm="latchkey", error="${error}"${more}`,
})

/** RFC 6750 §3.1; alike for every token that is not good. */
const invalidToken = (reason: string): OAuthError =>
  new OAuthError('invalid_token', 'The access token is not valid', {
    status: 401,
    headers: challenge('invalid_token'),
    reason,
  })

/** Whether the person is known. Which organization a call would be for, and whether the API has one left, matters to calls of the API alone. */
const isKnown = ({ code }: Decision): boolean => ['valid', 'invalid_request', 'rate_limit_exceeded'].includes(code)

/** The person and the client of a token that has the scope `openid`. A dry run: this is no call of the API, and spends none of its limits. */
const judged = async (
  { config, verifier }: OAuthDeps,
  token: string,
): Promise<Principal & { userId: string; clientId: string }> => {
  const api = claimedApi(config, peekClaims(token) ?? {}) // chooses only who judges it
  if (!api) throw invalidToken('it is for no API here')
  const decision = await verifier.judge(api, { credential: token, dryRun: true })
  const { principal } = decision
  if (!principal || !isKnown(decision)) throw invalidToken(decision.valid ? 'no principal' : decision.reason.detail)
  const { userId, clientId, scopes } = principal
  if (userId === undefined || clientId === undefined || !scopes.includes('openid'))
    throw new OAuthError('insufficient_scope', 'The access token lacks the scope openid', {
      status: 403,
      headers: challenge('insufficient_scope', ', scope="openid"'),
    })
  return { ...principal, userId, clientId }
}

/** Throws OAuthError with the challenge of RFC 6750 §3. */
export const userInfo = async (deps: OAuthDeps, token: string): Promise<UserInfo> => {
  const { store, box } = deps
  const { userId, clientId, scopes } = await judged(deps, token)
  const client = await store.lookups.clientById(clientId)
  const user = await store.db.selectFrom('users').select(['name', 'email']).where('id', '=', userId).executeTakeFirst()
  if (!client || !user) throw invalidToken('the client or the person has just gone')
  return {
    sub: subjectOf(box, client, userId),
    ...(scopes.includes('profile') && { name: user.name }),
    // nobody has shown yet that mail to it arrives (§5.1)
    ...(scopes.includes('email') && { email: user.email, email_verified: false }),
  }
}
