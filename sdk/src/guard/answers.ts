// Refusals on the wire: as Latchkey's own gateway would write them for the API, or as problem details (RFC 9457).
import type { ApiDescription, DescribedAnswer } from '../description.ts'
import type { DenialCode } from '../verdict.ts'
import type { Presentation } from './credential.ts'

export interface Refusal {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

type Code = DenialCode | 'temporarily_unavailable'

/** What a refusal has to say beyond its code. */
export interface Told {
  readonly requestId: string
  readonly scheme?: 'Bearer' | 'DPoP'
  /** No credential came at all. */
  readonly missing?: boolean
  readonly message?: string
  /** Scopes that are lacking. */
  readonly scopes?: readonly string[]
  /** The limit that refused. */
  readonly limit?: string | undefined
}

/** Writes a refusal in your own words: body and its content type; status and other headers stay. */
export type ErrorWriter = (facts: { code: Code; status: number; message: string; requestId: string }) => {
  contentType: string
  body: string
}

const texts: Readonly<Record<Code, readonly [status: number, title: string, message: string]>> = {
  invalid_api_key: [401, 'Invalid credential', 'The credential is missing or not valid.'],
  expired_token: [401, 'Expired token', 'The credential has expired. Request a new one.'],
  insufficient_scope: [403, 'Insufficient scope', 'The credential lacks a scope that this request needs.'],
  organization_forbidden: [403, 'Organization forbidden', 'The credential does not reach this organization.'],
  environment_mismatch: [403, 'Environment mismatch', 'This API does not serve the environment of the credential.'],
  forbidden: [403, 'Forbidden', 'This is not allowed.'],
  rate_limit_exceeded: [
    429,
    'Rate limit exceeded',
    'The limit is used up. Retry after the time that Retry-After gives.',
  ],
  invalid_request: [400, 'Invalid request', 'The request is malformed.'],
  temporarily_unavailable: [503, 'Temporarily unavailable', 'Credentials cannot be checked just now. Retry shortly.'],
}

const challenge = (code: Code, { header }: Presentation, { missing, scopes = [] }: Told): string => {
  if (header !== undefined) return `ApiKey header="${header}"`
  if (missing) return 'Bearer'
  if (code === 'insufficient_scope') return `Bearer error="insufficient_scope", scope="${scopes.join(' ')}"`
  return 'Bearer error="invalid_token"'
}

const problem = (code: Code, presentation: Presentation, told: Told): Refusal => {
  const [status, title, message] = texts[code]
  const challenged = status === 401 || code === 'insufficient_scope'
  return {
    status,
    headers: {
      'content-type': 'application/problem+json; charset=utf-8',
      'cache-control': 'no-store',
      ...(challenged && { 'www-authenticate': challenge(code, presentation, told) }),
      ...(status === 503 && { 'retry-after': '1' }),
    },
    body: JSON.stringify({
      type: 'about:blank',
      title,
      status,
      detail: told.message ?? message,
      code,
      request_id: told.requestId,
    }),
  }
}

/** Within a JSON text. */
const inJson = (text: string): string => JSON.stringify(text).slice(1, -1)

const filled = ({ status, headers, body }: DescribedAnswer, code: Code, told: Told): Refusal => {
  const { 'www-authenticate': challenged, ...rest } = headers
  const scopes = told.scopes?.join(' ') ?? ''
  return {
    status,
    headers: {
      ...rest,
      ...(challenged !== undefined && { 'www-authenticate': challenged.replace('{scope}', () => scopes) }),
    },
    body: JSON.stringify(body)
      .replaceAll('{request_id}', () => inJson(told.requestId))
      .replaceAll('{message}', () => inJson(told.message ?? texts[code][2])),
  }
}

/** The described answer that says the most of what there is to say. */
const describedAnswer = (answers: readonly DescribedAnswer[], code: Code, told: Told): DescribedAnswer | undefined => {
  const ofCode = answers.filter((answer) => answer.code === code && !answer.missing)
  if (told.missing) return answers.find(({ missing }) => missing) ?? ofCode[0]
  return (
    ofCode.find(({ limit }) => told.limit !== undefined && limit === told.limit) ??
    ofCode.find(({ scheme, limit }) => scheme === (told.scheme ?? 'Bearer') && limit === undefined) ??
    ofCode[0]
  )
}

export interface Words {
  readonly errors: 'api' | 'problem' | ErrorWriter
  readonly presentation: Presentation
  readonly description: ApiDescription | undefined
}

/** The refusal in the words of the API, or in those that were chosen for it. */
export const refusalOf = (code: Code, told: Told, { errors, presentation, description }: Words): Refusal => {
  if (errors === 'problem') return problem(code, presentation, told)
  const answer = description && describedAnswer(description.answers, code, told)
  const refusal = answer ? filled(answer, code, told) : problem(code, presentation, told)
  if (errors === 'api') return refusal
  const { contentType, body } = errors({
    code,
    status: refusal.status,
    message: told.message ?? texts[code][2],
    requestId: told.requestId,
  })
  return { ...refusal, headers: { ...refusal.headers, 'content-type': contentType }, body }
}
