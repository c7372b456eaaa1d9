// RFC 9449 §5, §8, §10.1: the key that a request to an endpoint of ours proves, to which tokens or a code are then bound.
import { originAt } from '../gateway/address.ts'
import type { Proving, Unproven } from '../verify/proofs.ts'
import { OAuthError } from './errors.ts'
import type { FormRequest } from './form.ts'
import type { OAuthDeps } from './grant.ts'

type Proven = Exclude<Proving, Unproven>

/** What a request is told whose proof is not taken: `invalid_dpop_proof`, or `use_dpop_nonce` with the nonce to use. */
export const proofRefusal = (
  { error, detail, nonce }: Unproven,
  { status, headers }: { status: number; headers: Readonly<Record<string, string>> } = { status: 400, headers: {} },
): OAuthError =>
  error === 'full'
    ? new OAuthError('temporarily_unavailable', 'No proof can be taken just now. Retry shortly.', {
        status: 503,
        headers: { 'retry-after': '1' },
        reason: detail,
      })
    : new OAuthError(error, detail, {
        status,
        headers: { ...headers, ...(nonce !== undefined && { 'dpop-nonce': nonce }) },
      })

/** undefined: the request has no proof. Throws OAuthError where it has one that is not good. */
export const provenKey = (
  { proofs: checker, config }: OAuthDeps,
  { proofs, called }: FormRequest,
): Proven | undefined => {
  if (proofs.length === 0) return undefined
  const proving = checker.check({ proofs, method: 'POST', url: originAt(config.issuer, called.host) + called.target })
  if ('error' in proving) throw proofRefusal(proving)
  return proving
}
