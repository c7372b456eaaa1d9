// RFC 8693: an API key or personal access token in, a token of at most 300 seconds out, with no more rights than what was given in.
import { grantTypes } from '../../clients/settings.ts'
import { maxExchangedSeconds } from '../../tokens/mint.ts'
import type { Decision } from '../../verify/decision.ts'
import { OAuthError } from '../errors.ts'
import type { Grant, IssuedKind } from '../grant.ts'

/** `subject_token_type` → the kind of credential (RFC 8693 §3). */
const subjectKinds = {
  'urn:latchkey:params:oauth:token-type:api-key': 'api_key',
  'urn:latchkey:params:oauth:token-type:personal-access-token': 'personal_access_token',
} as const

type ExchangedKind = Extract<IssuedKind, 'jwt' | 'cwt'>

/** Kind of token → its `requested_token_type`. Where none is asked for, the first that the API accepts. */
const tokenTypes: Record<ExchangedKind, string> = {
  jwt: 'urn:ietf:params:oauth:token-type:jwt',
  cwt: 'urn:latchkey:params:oauth:token-type:cwt',
}
const issuedKinds = Object.keys(tokenTypes) as ExchangedKind[]

const organizationId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

const invalid = (description: string): OAuthError => new OAuthError('invalid_request', description)

/** RFC 8693 §2.2.2: a subject token that is invalid for any reason is `invalid_request`. Alike for unknown, malformed, revoked and expired ones. */
const invalidSubject = (reason: string): OAuthError =>
  new OAuthError('invalid_request', 'The subject_token is not valid', { reason })

/** What a refused key is told: of one that is not good nothing, of a good one what keeps it out. */
const refusal = ({ code, reason: { check, detail } }: Decision & { valid: false }): OAuthError => {
  if (check === 'network')
    return new OAuthError('invalid_request', 'The subject_token may not be used from this address', { reason: detail })
  switch (code) {
    case 'environment_mismatch':
    case 'forbidden':
      return new OAuthError('invalid_target', 'The subject_token may not be used at this API', { reason: detail })
    case 'organization_forbidden':
      return new OAuthError('invalid_request', 'The subject_token does not reach this organization', { reason: detail })
    case 'invalid_request':
      return new OAuthError(
        'invalid_request',
        'The subject_token reaches several organizations, and this API needs one: send organization_id',
        { reason: detail },
      )
    default:
      return invalidSubject(detail)
  }
}

export const tokenExchange: Grant = {
  grantType: grantTypes.tokenExchange,
  needsClient: false, // the key alone authenticates
  parameters: [
    'subject_token',
    'subject_token_type',
    'requested_token_type',
    'actor_token',
    'actor_token_type',
    'organization_id',
  ],
  takesAudience: true,
  async handle({ verifier, mint, now }, { parameters, caller }) {
    const subjectToken = parameters.get('subject_token')
    const subjectType = parameters.get('subject_token_type')
    const requestedType = parameters.get('requested_token_type')
    const organization = parameters.get('organization_id')
    if (subjectToken === undefined || subjectType === undefined)
      throw invalid('Send subject_token and subject_token_type')
    if (parameters.has('actor_token') || parameters.has('actor_token_type'))
      throw invalid('An actor_token is not taken here')
    if (!Object.hasOwn(subjectKinds, subjectType))
      throw invalid(`The subject_token_type must be ${Object.keys(subjectKinds).join(' or ')}`)
    const subjectKind = subjectKinds[subjectType as keyof typeof subjectKinds]
    const kinds =
      requestedType === undefined ? issuedKinds : issuedKinds.filter((kind) => tokenTypes[kind] === requestedType)
    if (kinds.length === 0) throw invalid(`The requested_token_type must be ${Object.values(tokenTypes).join(' or ')}`)
    if (organization !== undefined && !organizationId.test(organization))
      throw invalid('The organization_id must be a lower-case UUID')
    return {
      kinds,
      async at(api, kind: ExchangedKind) {
        const decision = await verifier.judge(api, {
          credential: subjectToken,
          caller,
          organizationId: organization,
          exchange: subjectKind,
        })
        if (!decision.valid) throw refusal(decision)
        const { id, subject, organizationId: held, tier, environment, scopes, expiresAt } = decision.principal
        const lifetimeSeconds = Math.min(maxExchangedSeconds, Math.floor(((expiresAt ?? Infinity) - now()) / 1000))
        if (lifetimeSeconds < 1) throw invalidSubject(`The key ${id} ends within a second.`)
        return {
          scopes,
          environment,
          async mint(granted, { thumbprint }) {
            const minted = await mint.exchanged(api, kind, {
              keyId: id,
              subject,
              organizationId: held,
              tier,
              environment,
              scopes: granted,
              thumbprint,
              lifetimeSeconds,
            })
            return { ...minted, members: { issued_token_type: tokenTypes[kind] } }
          },
        }
      },
    }
  },
}
