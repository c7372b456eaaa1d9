// A question and its answer as POST /api/v1/verify has them.
import type { Question } from '../question.ts'
import {
  type CredentialKind,
  type DenialCode,
  type DpopAdvice,
  type Limit,
  type Principal,
  type Verdict,
  denials,
  denied,
  missingScopes,
  unavailable,
} from '../verdict.ts'

/** One item of a request. */
export const itemOf = (
  { credential, scopes, organizationId, cost, ip, dryRun, dpop }: Question,
  api: string | undefined,
): object => ({
  credential,
  api,
  ...(scopes.length > 0 && { scopes }),
  organization_id: organizationId,
  ...(cost !== 1 && { cost }),
  ip,
  ...(dryRun && { dry_run: true }),
  ...(dpop && { dpop: { proof: dpop.proof, method: dpop.method, url: dpop.url } }),
})

interface WirePrincipal {
  kind: CredentialKind
  id: string
  subject: string
  organization_id?: string
  organization_ids?: string[]
  client_id?: string
  tier?: string
  environment: string
  scopes: string[]
  expires_at?: string
  name?: string
  derived_from?: { kind: CredentialKind; id: string }
  deprecated?: boolean
}

interface WireResult {
  valid: unknown
  code: unknown
  principal?: WirePrincipal
  limits?: { name: string; limit: number | null; remaining: number | null; reset: number | null }[]
  dpop?: DpopAdvice
  request_id?: string
}

const principalOf = (wire: WirePrincipal): Principal => ({
  kind: wire.kind,
  id: wire.id,
  subject: wire.subject,
  ...(wire.organization_id !== undefined && { organizationId: wire.organization_id }),
  ...(wire.organization_ids && { organizationIds: wire.organization_ids }),
  ...(wire.client_id !== undefined && { clientId: wire.client_id }),
  ...(wire.tier !== undefined && { tier: wire.tier }),
  environment: wire.environment,
  scopes: wire.scopes,
  ...(wire.expires_at !== undefined && { expiresAt: wire.expires_at }),
  ...(wire.name !== undefined && { name: wire.name }),
  ...(wire.derived_from && { derivedFrom: wire.derived_from }),
  ...(wire.deprecated && { deprecated: true }),
})

const isCount = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)

const limitsOf = (wire: WireResult['limits'] = []): Limit[] =>
  wire.filter((limit): limit is Limit => isCount(limit.limit) && isCount(limit.remaining) && isCount(limit.reset))

const isPrincipal = (value: WirePrincipal | undefined): value is WirePrincipal =>
  typeof value?.id === 'string' && typeof value.subject === 'string' && Array.isArray(value.scopes)

const isDenial = (code: string): code is DenialCode => Object.hasOwn(denials, code)

/** The first of the limits that does not bear the cost. */
const refusedLimit = (limits: readonly Limit[], cost: number): Limit | undefined =>
  limits.find(({ remaining }) => remaining < cost)

/** What one result says; of something that is none, nothing is believed. */
export const verdictOf = (result: unknown, { cost, scopes }: Question): Verdict => {
  if (typeof result !== 'object' || result === null) return unavailable('Latchkey’s answer cannot be read.')
  const { valid, code, principal: known, limits, dpop, request_id: requestId } = result as WireResult
  const principal = isPrincipal(known) ? principalOf(known) : undefined
  const shared = {
    limits: limitsOf(limits),
    ...(dpop && { dpop }),
    ...(typeof requestId === 'string' && { requestId }),
  }
  if (valid === true)
    return principal
      ? { outcome: 'valid', code: 'valid', principal, source: 'server', ...shared }
      : unavailable('Latchkey’s answer cannot be read.')
  if (valid !== false || typeof code !== 'string') return unavailable('Latchkey’s answer cannot be read.')
  if (code === 'temporarily_unavailable' || code === 'internal_error')
    return unavailable('Latchkey could not judge the credential.')
  const refused = code === 'rate_limit_exceeded' ? refusedLimit(shared.limits, cost) : undefined
  // of a newer server's code no more is known than that it refuses
  return denied(isDenial(code) ? code : 'forbidden', {
    ...shared,
    ...(principal && { principal }),
    ...(refused && { refused }),
    ...(code === 'insufficient_scope' && { missing: principal ? missingScopes(principal, scopes) : scopes }),
  })
}
