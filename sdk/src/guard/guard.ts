// What every middleware does: read the credential, ask the verifier, and say who calls or how the caller is refused.
import type { ApiDescription } from '../description.ts'
import { type MaybePromise, andThen } from '../maybe-promise.ts'
import type { VerifyOptions } from '../question.ts'
import type { Denied, Limit, Principal, Unavailable, Valid, Verdict } from '../verdict.ts'
import type { Verifier } from '../verifier.ts'
import { type ErrorWriter, type Refusal, type Told, type Words, refusalOf } from './answers.ts'
import { type Fields, type Presentation, presentedCredential } from './credential.ts'
import { inOrder, limitHeaders } from './limit-headers.ts'

/** Who calls. */
export interface VerifiedAuth {
  readonly unverified: false
  readonly principal: Principal
  readonly limits: readonly Limit[]
  readonly source: Valid['source']
}

/**
 * Nobody could say who asks: only with `onUnavailable: 'allow'`. Of a request without any credential too, as long as it is not known how the
 * API takes them.
 */
export interface UnverifiedAuth {
  readonly unverified: true
  readonly principal?: undefined
  /** For your log. */
  readonly reason: string
}

export type Auth = VerifiedAuth | UnverifiedAuth

export interface GuardOptions<Request> {
  /** Scopes that the request needs. */
  readonly scopes?: readonly string[]
  /** The organization that the request names, if it names one. */
  readonly organization?: (request: Request) => string | undefined
  /** Units that the request costs. Default 1. */
  readonly cost?: number | ((request: Request) => number)
  /** The caller's address, for credentials that may be used from some networks only. Default: as the framework knows it; false: it is not told. */
  readonly ip?: false | ((request: Request) => string | undefined)
  /** Where callers put their credential. Default: where the API's configuration says; offline `{ bearer: true }`. */
  readonly credential?: Presentation
  /** Public origin of your API, such as `https://api.example.com`: tokens bound to a key are taken, with proofs for addresses of it. */
  readonly dpopOrigin?: string
  /** Refusals as Latchkey's gateway writes them for the API (default), as problem details, or in your own words. */
  readonly errors?: 'api' | 'problem' | ErrorWriter
  /** What happens when nobody can say: 503 (default), or the request goes on with `auth.unverified`. */
  readonly onUnavailable?: 'deny' | 'allow'
}

/** A request as the guard looks at it. */
export interface Incoming {
  readonly fields: Fields
  readonly method: string
  /** As the caller sent it; query and fragment do not count. */
  readonly path: string
  readonly ip: string | undefined
}

export type Admission =
  | { readonly auth: Auth; readonly headers: Readonly<Record<string, string>> }
  | { readonly refusal: Refusal }

export type Guard<Request> = (request: Request) => MaybePromise<Admission>

const severalMessage = 'Send one credential, in one header, once.'

/** Throws TypeError for options that cannot be meant. `incomingOf`: the framework's request. */
export const createGuard = <Request>(
  verifier: Verifier,
  options: GuardOptions<Request>,
  incomingOf: (request: Request) => Incoming,
): Guard<Request> => {
  const { scopes, organization, cost, ip, credential, dpopOrigin, errors = 'api', onUnavailable = 'deny' } = options
  if (onUnavailable !== 'deny' && onUnavailable !== 'allow')
    throw new TypeError("onUnavailable must be 'deny' or 'allow'.")
  if (dpopOrigin !== undefined && (!URL.canParse(dpopOrigin) || new URL(dpopOrigin).origin !== dpopOrigin))
    throw new TypeError('dpopOrigin must be an origin such as https://api.example.com.')

  const refuse = (code: Parameters<typeof refusalOf>[0], told: Told, words: Words): Admission => ({
    refusal: refusalOf(code, told, words),
  })

  const unverified = ({ reason, retryAfterSeconds }: Unavailable, words: Words): Admission => {
    if (onUnavailable === 'allow') return { auth: { unverified: true, reason }, headers: {} }
    const refusal = refusalOf('temporarily_unavailable', { requestId: crypto.randomUUID() }, words)
    return { refusal: { ...refusal, headers: { ...refusal.headers, 'retry-after': String(retryAfterSeconds) } } }
  }

  const admitted = ({ principal, limits, source, dpop }: Valid, { description }: Words): Admission => ({
    auth: { unverified: false, principal, limits, source },
    headers: callerHeaders(principal, limits, undefined, dpop?.nonce, description),
  })

  const refused = (denied: Denied, units: number, presented: 'Bearer' | 'DPoP', words: Words): Admission => {
    const { code, limits, principal, missing = [], dpop, requestId = crypto.randomUUID() } = denied
    const { description } = words
    const limit =
      code === 'rate_limit_exceeded'
        ? inOrder(limits, description).find(({ remaining }) => remaining < units)
        : undefined
    const scheme = dpop?.error === undefined ? presented : 'DPoP'
    const { status, headers, body } = refusalOf(code, { requestId, scheme, scopes: missing, limit: limit?.name }, words)
    const challenged = headers['www-authenticate']
    return {
      refusal: {
        status,
        body,
        headers: {
          ...headers,
          ...(dpop?.error !== undefined &&
            challenged !== undefined && {
              'www-authenticate': challenged.replace('error="invalid_token"', `error="${dpop.error}"`),
            }),
          ...(principal && callerHeaders(principal, limits, limit, undefined, description)),
          ...(dpop?.nonce !== undefined && nonceHeaders(dpop.nonce)),
          'x-request-id': requestId,
        },
      },
    }
  }

  const judge = (request: Request, words: Words): MaybePromise<Admission> => {
    const { fields, method, path, ip: known } = incomingOf(request)
    const presented = presentedCredential(fields, words.presentation)
    const requestId = crypto.randomUUID()
    if (presented === 'missing') return refuse('invalid_api_key', { requestId, missing: true }, words)
    if (presented === 'several') return refuse('invalid_request', { requestId, message: severalMessage }, words)
    const { proofs } = presented
    const units = typeof cost === 'function' ? cost(request) : (cost ?? 1)
    const scheme = proofs ? 'DPoP' : 'Bearer'
    const asked: VerifyOptions = {
      ...(scopes && { scopes }),
      organizationId: organization?.(request),
      cost: units,
      ip: ip === false ? undefined : ip ? ip(request) : known,
      // anything but one proof is none that could be right
      dpop: proofs && { proof: proofs.length === 1 ? (proofs[0] as string) : '', method, url: `${dpopOrigin}${path}` },
    }
    const decide = (verdict: Verdict): Admission => {
      switch (verdict.outcome) {
        case 'valid':
          return admitted(verdict, words)
        case 'denied':
          return refused(verdict, units, scheme, words)
        case 'unavailable':
          return unverified(verdict, words)
      }
    }
    return andThen(
      verifier.verifyNow(presented.credential, asked) ?? verifier.verify(presented.credential, asked),
      decide,
    )
  }

  const needsDescription = verifier.mode !== 'local' && !credential
  return (request) =>
    andThen(errors === 'problem' && credential ? undefined : verifier.describe(), (description) => {
      const told = credential ?? description?.presentation
      const presentation: Presentation = {
        ...(told ?? { bearer: true }),
        dpop: dpopOrigin !== undefined && told?.dpop !== false,
      }
      const words: Words = { errors, presentation, description }
      if (!description && needsDescription)
        return unverified(
          {
            outcome: 'unavailable',
            code: 'temporarily_unavailable',
            status: 503,
            retryAfterSeconds: 1,
            reason: 'Latchkey could not be asked how callers send their credential.',
          },
          words,
        )
      return judge(request, words)
    })
}

/** A nonce is for the next request: nobody may keep the answer that tells it (RFC 9449 §8.2). */
const nonceHeaders = (nonce: string): Record<string, string> => ({ 'dpop-nonce': nonce, 'cache-control': 'no-store' })

const callerHeaders = (
  principal: Principal,
  limits: readonly Limit[],
  refused: Limit | undefined,
  nonce: string | undefined,
  description: ApiDescription | undefined,
): Record<string, string> => ({
  ...limitHeaders(inOrder(limits, description), refused, description, Date.now()),
  ...(principal.deprecated && description?.deprecation),
  ...(nonce !== undefined && nonceHeaders(nonce)),
})
