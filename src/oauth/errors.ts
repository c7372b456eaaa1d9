// RFC 6749 §5.2: the error answers of OAuth endpoints. Nothing else in oauth/ writes one.
import type { FastifyError, FastifyReply } from 'fastify'
import { isStoreFault } from '../store/fault.ts'

export type OAuthErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'invalid_scope'
  | 'unsupported_response_type'
  | 'access_denied'
  | 'login_required' // OpenID Connect Core §3.1.2.6, as the next two
  | 'consent_required'
  | 'request_not_supported'
  | 'authorization_pending' // RFC 8628 §3.5, as the next two
  | 'slow_down'
  | 'expired_token'
  | 'invalid_target' // RFC 8707 §2
  | 'invalid_token' // RFC 6750 §3.1
  | 'insufficient_scope' // RFC 6750 §3.1
  | 'invalid_redirect_uri' // RFC 7591 §3.2.2, as the next two
  | 'invalid_client_metadata'
  | 'unapproved_software_statement'
  | 'invalid_dpop_proof' // RFC 9449 §5, as the next one
  | 'use_dpop_nonce'
  | 'temporarily_unavailable'
  | 'server_error'

interface Particulars {
  status?: number
  headers?: Readonly<Record<string, string>>
  /** For the log alone; never a secret. */
  reason?: string
}

/** An error on its way to the wire; thrown by the phases of an endpoint. */
export class OAuthError extends Error {
  readonly error: OAuthErrorCode
  /** Printable ASCII without `"` and `\` (RFC 6749 §5.2); never what the caller sent. */
  readonly description: string
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly reason: string | undefined

  constructor(error: OAuthErrorCode, description: string, { status = 400, headers = {}, reason }: Particulars = {}) {
    super(`${error}: ${reason ?? description}`)
    this.name = 'OAuthError'
    this.error = error
    this.description = description
    this.status = status
    this.headers = headers
    this.reason = reason
  }
}

/** The one answer to everything that fails in client authentication. `challenge`: the client used the Authorization header. */
export const invalidClient = (reason: string, challenge: boolean): OAuthError =>
  new OAuthError('invalid_client', 'Client authentication failed', {
    status: 401,
    headers: challenge ? { 'www-authenticate': 'Basic realm="latchkey", charset="UTF-8"' } : {},
    reason,
  })

/** What a thrown value is on the wire: refusals as they are, what Fastify found wrong as invalid_request, the rest a fault. */
export const toOAuthError = (error: unknown): OAuthError => {
  if (error instanceof OAuthError) return error
  if (isStoreFault(error))
    return new OAuthError('temporarily_unavailable', 'The store cannot be reached. Retry shortly.', {
      status: 503,
      headers: { 'retry-after': '1' },
    })
  const { statusCode } = error as Partial<FastifyError>
  if (statusCode === 413)
    return new OAuthError('invalid_request', 'The request body is larger than this endpoint takes.', { status: 413 })
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return new OAuthError('invalid_request', 'The request is malformed.')
  return new OAuthError('server_error', 'Something went wrong here. The request id finds it in the log.', {
    status: 500,
  })
}

export const sendOAuthError = (
  reply: FastifyReply,
  { error, description, status, headers }: OAuthError,
): FastifyReply =>
  reply
    .code(status)
    .headers(headers)
    .type('application/json; charset=utf-8')
    .serializer(JSON.stringify)
    .send({ error, error_description: description })
