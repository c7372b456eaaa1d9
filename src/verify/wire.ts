// A decision as others see it: JSON for verify, headers for callers and upstreams, an error body in the API's profile.
import type { Api } from '../config/config.ts'
import { type Code, catalogue } from '../errors.ts'
import type { LimitState } from '../limits/allowance.ts'
import { limitHeaders, resetSeconds } from '../limits/headers.ts'
import { type Profile, takesDpop } from '../profiles/profile.ts'
import { publicAlgorithms } from '../tokens/public-jwk.ts'
import type { Decision, Judgement, Principal } from './decision.ts'
import type { ProofError } from './proofs.ts'

export type Headers = Record<string, string>

/** The most organizations that a header names; beyond that `*`. */
const maxListedOrganizations = 50

export const principalJson = (principal: Principal) => ({
  kind: principal.kind,
  id: principal.id,
  subject: principal.subject,
  ...(principal.organizationId !== undefined && { organization_id: principal.organizationId }),
  ...(principal.memberships !== undefined && { organization_ids: [...principal.memberships.keys()] }),
  ...(principal.clientId !== undefined && { client_id: principal.clientId }),
  ...(principal.tier !== undefined && { tier: principal.tier }),
  environment: principal.environment,
  scopes: [...principal.scopes],
  ...(principal.expiresAt !== undefined && { expires_at: new Date(principal.expiresAt).toISOString() }),
  ...(principal.name !== undefined && { name: principal.name }),
  ...(principal.derivedFrom !== undefined && { derived_from: principal.derivedFrom }),
  ...(principal.kind === 'legacy_token' && { deprecated: true }),
})

/** Principals are shared between requests and never changed. */
const principalTexts = new WeakMap<Principal, string>()

/** `principalJson` as text. */
export const principalText = (principal: Principal): string => {
  let text = principalTexts.get(principal)
  if (text === undefined) principalTexts.set(principal, (text = JSON.stringify(principalJson(principal))))
  return text
}

/** `limits` of a verify answer: every policy of the API in its order, `limit` null where the tier is unlimited. */
export const limitsJson = (api: Api, states: readonly LimitState[]) =>
  api.profile.limits.map((policy) => {
    const state = states.find(({ name }) => name === policy.name)
    return state
      ? { name: state.name, limit: state.limit, remaining: state.remaining, reset: resetSeconds(state) }
      : { name: policy.name, limit: null, remaining: null, reset: null }
  })

/** `limitsJson` as text; the configuration's names of policies need no escapes. */
export const limitsText = (api: Api, states: readonly LimitState[]): string => {
  let text = ''
  for (const { name } of api.profile.limits) {
    const state = states.find((one) => one.name === name)
    text += `${text && ','}{"name":"${name}","limit":${state?.limit ?? null},"remaining":${state?.remaining ?? null},"reset":${state ? resetSeconds(state) : null}}`
  }
  return `[${text}]`
}

/** What an upstream learns of the caller; absent values are empty, so that a caller's own are overwritten. */
const makeIdentityHeaders = (principal: Principal): Headers => {
  const ids = principal.memberships
    ? [...principal.memberships.keys()]
    : principal.organizationId === undefined
      ? []
      : [principal.organizationId]
  return {
    'x-latchkey-subject': principal.subject,
    'x-latchkey-kind': principal.kind,
    'x-latchkey-organization': principal.organizationId ?? '',
    'x-latchkey-organizations': ids.length > maxListedOrganizations ? '*' : ids.join(','),
    'x-latchkey-scopes': principal.scopes.join(' '),
    'x-latchkey-tier': principal.tier ?? '',
    'x-latchkey-environment': principal.environment,
  }
}

const identities = new WeakMap<Principal, Headers>()

/** `makeIdentityHeaders`, once for each principal: not to be changed. */
export const identityHeaders = (principal: Principal): Readonly<Headers> => {
  let headers = identities.get(principal)
  if (!headers) identities.set(principal, (headers = makeIdentityHeaders(principal)))
  return headers
}

/** RFC 9745, RFC 8594: sent with every answer to a legacy token. */
export const deprecationHeaders = ({ legacyTokens }: Api): Headers =>
  legacyTokens
    ? {
        deprecation: `@${Math.floor(legacyTokens.deprecatedAt / 1000)}`,
        sunset: new Date(legacyTokens.sunsetAt).toUTCString(),
        link: `<${legacyTokens.link}>; rel="deprecation"; type="text/html"`,
      }
    : {}

/** A nonce is for the next request: nobody may keep the answer that tells it (RFC 9449 §8.2). */
const nonceHeaders = (nonce: string): Headers => ({ 'dpop-nonce': nonce, 'cache-control': 'no-store' })

/** Limit headers, the deprecation of legacy tokens, the next nonce; nothing else for a caller who is not known. `now`: Unix milliseconds. */
export const callerHeaders = (api: Api, decision: Decision, now: number): Headers => ({
  ...limitHeaders(api.profile.reset, decision.limits, now, decision.valid ? undefined : decision.refused),
  ...(decision.principal?.kind === 'legacy_token' && deprecationHeaders(api)),
  ...(decision.nonce !== undefined && nonceHeaders(decision.nonce)),
})

/** Where an API's RFC 9728 document lies: its path follows the well-known name. */
export const resourceMetadataUrl = ({ audience }: Api): string => {
  const { origin, pathname } = new URL(audience)
  return `${origin}/.well-known/oauth-protected-resource${pathname === '/' ? '' : pathname}`
}

/** How a caller presents its credential; challenges are in the words of the same scheme. */
export type Scheme = 'Bearer' | 'DPoP'

export const schemeOf = ({ proof, thumbprint }: Pick<Judgement, 'proof' | 'thumbprint'>): Scheme =>
  proof === undefined && thumbprint === undefined ? 'Bearer' : 'DPoP'

/** Parameters of a challenge, to which those of the API are added. */
interface Challenge {
  scheme?: Scheme
  error?: 'invalid_token' | 'insufficient_scope' | ProofError
  /** What the caller can mend. */
  description?: string
  scope?: string
}

/** RFC 6750 §3, RFC 9449 §7.1, RFC 9728 §5.1. */
const challenge = (api: Api, { scheme = 'Bearer', error, description, scope }: Challenge): string => {
  const { header } = api.profile.presentation
  if (header !== undefined) return `ApiKey header="${header}"`
  const parts = [`${scheme} realm="${api.name}"`]
  if (error !== undefined) parts.push(`error="${error}"`)
  if (description !== undefined) parts.push(`error_description="${description}"`)
  if (scope !== undefined) parts.push(`scope="${scope}"`)
  if (scheme === 'DPoP') parts.push(`algs="${publicAlgorithms.join(' ')}"`)
  parts.push(`resource_metadata="${resourceMetadataUrl(api)}"`)
  return parts.join(', ')
}

/** An error in the profile's words. `message` replaces the catalogue's text where the profile has none of its own. */
export const errorBody = (
  profile: Profile,
  code: Code,
  requestId: string,
  message?: string,
  period?: number | 'month',
): object => {
  const { body, codes, messages } = profile.errors
  const { status, title, message: usual } = catalogue[code]
  return body({
    code: codes?.[code] ?? code,
    status,
    title,
    message: messages?.[code] ?? message ?? usual,
    requestId,
    ...(period !== undefined && { period }),
  })
}

export interface Answer {
  status: number
  headers: Headers
  body: object
}

const json = 'application/json; charset=utf-8'

/** The answer with its body serialised, and said to be JSON where it says nothing itself. */
export const written = ({ status, headers, body }: Answer): { status: number; headers: Headers; body: string } => ({
  status,
  headers: headers['content-type'] === undefined ? { ...headers, 'content-type': json } : headers,
  body: JSON.stringify(body),
})

/** An error answer in the API's profile. `missing`: scopes, on `insufficient_scope`. */
export const errorAnswer = (
  api: Api,
  code: Code,
  requestId: string,
  message?: string,
  missing: readonly string[] = [],
  scheme?: Scheme,
): Answer => {
  const { status } = catalogue[code]
  const headers: Headers = { 'content-type': api.profile.errors.contentType, 'cache-control': 'no-store' }
  if (status === 401) headers['www-authenticate'] = challenge(api, { scheme, error: 'invalid_token' })
  if (code === 'insufficient_scope')
    headers['www-authenticate'] = challenge(api, { scheme, error: code, scope: missing.join(' ') })
  if (status === 503) headers['retry-after'] = '1'
  return { status, headers, body: errorBody(api.profile, code, requestId, message) }
}

/** The answer to a caller who sent no credential at all. */
export const missingAnswer = (api: Api, requestId: string): Answer => {
  const answer = errorAnswer(api, 'invalid_api_key', requestId)
  answer.headers['www-authenticate'] = challenge(api, {})
  return answer
}

/** The answer to a refused caller: status, challenge, limit headers and body, all in the API's profile. */
export const denialAnswer = (
  api: Api,
  decision: Decision & { valid: false },
  requestId: string,
  now: number,
  presented: Scheme = 'Bearer',
): Answer => {
  const { code, reason, missing, refused, proofError } = decision
  // only what the caller can mend is told; the reason stays in the log
  const told = code === 'invalid_request' ? reason.detail : undefined
  // a token that is bound to a key is no bearer token, however it came (RFC 9449 §7.2)
  const scheme = reason.check === 'proof' && takesDpop(api.profile) ? 'DPoP' : presented
  const answer = errorAnswer(api, code, requestId, told, missing, scheme)
  answer.body = errorBody(api.profile, code, requestId, told, refused?.period)
  if (proofError !== undefined)
    answer.headers['www-authenticate'] = challenge(api, { scheme, error: proofError, description: reason.detail })
  Object.assign(answer.headers, callerHeaders(api, decision, now))
  return answer
}
