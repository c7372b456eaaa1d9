// The catalogue of refusals: every code that Latchkey's own answers carry, its HTTP status and its plain text.
// Nothing else invents a code. OAuth endpoints use the codes of their RFCs (see oauth/errors.ts).

export const catalogue = {
  invalid_api_key: { status: 401, title: 'Invalid credential', message: 'The credential is missing or not valid.' },
  expired_token: { status: 401, title: 'Expired token', message: 'The credential has expired. Request a new one.' },
  insufficient_scope: {
    status: 403,
    title: 'Insufficient scope',
    message: 'The credential lacks a scope that this request needs.',
  },
  organization_forbidden: {
    status: 403,
    title: 'Organization forbidden',
    message: 'The credential does not reach this organization.',
  },
  environment_mismatch: {
    status: 403,
    title: 'Environment mismatch',
    message: 'This API does not serve the environment of the credential.',
  },
  forbidden: { status: 403, title: 'Forbidden', message: 'This is not allowed.' },
  rate_limit_exceeded: {
    status: 429,
    title: 'Rate limit exceeded',
    message: 'The limit is used up. Retry after the time that Retry-After gives.',
  },
  invalid_request: { status: 400, title: 'Invalid request', message: 'The request is malformed.' },
  reauthentication_required: {
    status: 403,
    title: 'Sign in again',
    message: 'This needs you to have proven who you are in the last minutes. Do so again, and repeat the request.',
  },
  not_found: { status: 404, title: 'Not found', message: 'There is nothing here.' },
  conflict: { status: 409, title: 'Conflict', message: 'The request conflicts with the present state.' },
  payload_too_large: {
    status: 413,
    title: 'Payload too large',
    message: 'The request body is larger than this endpoint takes.',
  },
  misdirected_request: {
    status: 421,
    title: 'Misdirected request',
    message: 'This server does not answer for this host. Check LATCHKEY_URL and the hosts in the configuration.',
  },
  internal_error: {
    status: 500,
    title: 'Internal error',
    message: 'Something went wrong here. The request id finds it in the log.',
  },
  upstream_unavailable: {
    status: 502,
    title: 'Upstream unavailable',
    message: 'The API behind this gateway could not be reached.',
  },
  temporarily_unavailable: {
    status: 503,
    title: 'Temporarily unavailable',
    message: 'The store cannot be reached. Retry shortly.',
  },
  upstream_timeout: {
    status: 504,
    title: 'Upstream timeout',
    message: 'The API behind this gateway did not answer in time.',
  },
} as const satisfies Record<string, { status: number; title: string; message: string }>

export type Code = keyof typeof catalogue

/** A refusal on its way to the wire: thrown by verbs, written by http/ (as a response) and cli/ (as a line on stderr). */
export class Refusal extends Error {
  readonly code: Code
  /** HTTP status of the code. */
  readonly status: number
  /** Scopes that were missing, on `insufficient_scope`: the challenge names them. */
  readonly missing: readonly string[]
  /** `Retry-After`, where it is known. */
  readonly retryAfterSeconds: number | undefined

  /** `message` says what was wrong and what to do; never a secret. */
  constructor(
    code: Code,
    message: string = catalogue[code].message,
    {
      missing = [],
      retryAfterSeconds,
      ...options
    }: ErrorOptions & { missing?: readonly string[]; retryAfterSeconds?: number } = {},
  ) {
    super(message, options)
    this.name = 'Refusal'
    this.code = code
    this.status = catalogue[code].status
    this.missing = missing
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** Configuration mistakes, all of them at once; every command exits with status 78 (EX_CONFIG) on it. */
export class ConfigurationError extends Error {
  readonly mistakes: readonly string[]

  constructor(mistakes: readonly string[]) {
    super(
      `The configuration has ${mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`}:\n${mistakes.map((m) => `  - ${m}`).join('\n')}`,
    )
    this.name = 'ConfigurationError'
    this.mistakes = mistakes
  }
}
