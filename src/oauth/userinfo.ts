// OpenID Connect Core §5.3: who has let a client know them, told to whoever holds the access token for it.
import { peekClaims } from '../tokens/peek-token.ts'
import { publicAlgorithms } from '../tokens/public-jwk.ts'
import type { Decision, Judgement, Principal } from '../verify/decision.ts'
import { type Scheme, schemeOf } from '../verify/wire.ts'
import { claimedApi } from './audience.ts'
import { proofRefusal } from './dpop.ts'
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

/** An access token as it was presented. */
export type Presented = Pick<Judgement, 'credential' | 'proof' | 'caller'>

const challenge = (scheme: Scheme, error: string, more = ''): Record<string, string> => ({
  'www-authenticate': `${scheme} realm="latchkey", error="${error}"${more}${scheme === 'DPoP' ? `, algs="${publicAlgorithms.join(' ')}"` : ''}`,
})

/** RFC 6750 §3.1; alike for every token that is not good. */
const invalidToken = (reason: string, scheme: Scheme = 'Bearer'): OAuthError =>
  new OAuthError('invalid_token', 'The access token is not valid', {
    status: 401,
    headers: challenge(scheme, 'invalid_token'),
    reason,
  })

/** Whether the person is known. Which organization a call would be for, and whether the API has one left, matters to calls of the API alone. */
const isKnown = ({ code }: Decision): boolean => ['valid', 'invalid_request', 'rate_limit_exceeded'].includes(code)

/** The person and the client of a token that has the scope `openid`. A dry run: this is no call of the API, and spends none of its limits. */
const judged = async (
  { config, verifier, proofs }: OAuthDeps,
  { credential, proof, caller }: Presented,
): Promise<Principal & { userId: string; clientId: string; nonce: string | undefined }> => {
  const scheme = schemeOf({ proof })
  const api = claimedApi(config, peekClaims(credential) ?? {}) // chooses only who judges it
  if (!api) throw invalidToken('it is for no API here', scheme)
  // here, as a dry run would leave it to be used again
  const proving = proof && proofs.check(proof, { accessToken: credential })
  if (proving && 'error' in proving)
    throw proofRefusal(proving, { status: 401, headers: challenge(scheme, proving.error) })
  const decision = await verifier.judge(api, { credential, caller, thumbprint: proving?.thumbprint, dryRun: true })
  const { principal } = decision
  if (!principal || !isKnown(decision)) {
    const reason = decision.valid ? undefined : decision.reason
    throw invalidToken(reason?.detail ?? 'no principal', reason?.check === 'proof' ? 'DPoP' : scheme)
  }
  const { userId, clientId, scopes } = principal
  if (userId === undefined || clientId === undefined || !scopes.includes('openid'))
    throw new OAuthError('insufficient_scope', 'The access token lacks the scope openid', {
      status: 403,
      headers: challenge(scheme, 'insufficient_scope', ', scope="openid"'),
    })
  return { ...principal, userId, clientId, nonce: proving?.nonce }
}

/** `nonce`: for the client's next DPoP proof. Throws OAuthError with the challenge of RFC 6750 §3 or RFC 9449 §7.1. */
export const userInfo = async (
  deps: OAuthDeps,
  presented: Presented,
): Promise<{ claims: UserInfo; nonce: string | undefined }> => {
  const { store, box } = deps
  const { userId, clientId, scopes, nonce } = await judged(deps, presented)
  const client = await store.lookups.clientById(clientId)
  const user = await store.db
    .selectFrom('users')
    .select(['name', 'email', 'email_verified_at'])
    .where('id', '=', userId)
    .executeTakeFirst()
  if (!client || !user) throw invalidToken('the client or the person has just gone')
  const claims = {
    sub: subjectOf(box, client, userId),
    ...(scopes.includes('profile') && { name: user.name }),
    ...(scopes.includes('email') && { email: user.email, email_verified: user.email_verified_at !== null }),
  }
  return { claims, nonce }
}
