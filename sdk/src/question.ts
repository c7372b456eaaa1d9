// What a request asks of its credential, checked before it is sent: nothing that one caller writes may spoil a batch for others.
import { type Denied, denied } from './verdict.ts'

export interface VerifyOptions {
  /** Scopes that the request needs. */
  readonly scopes?: readonly string[]
  /** The organization that the request names. */
  readonly organizationId?: string | undefined
  /** Units that the request costs, 1 to 1,000,000. Default 1. */
  readonly cost?: number
  /** Address of the caller: for credentials that may be used from some networks only. */
  readonly ip?: string | undefined
  /** Spends nothing. */
  readonly dryRun?: boolean
  /** Of a credential that came as `Authorization: DPoP` (RFC 9449 §7.1). */
  readonly dpop?: { readonly proof: string; readonly method: string; readonly url: string } | undefined
  /** Gives up waiting. What has been sent may still be spent. */
  readonly signal?: AbortSignal | undefined
}

export interface Question {
  readonly credential: string
  readonly scopes: readonly string[]
  readonly organizationId: string | undefined
  readonly cost: number
  readonly ip: string | undefined
  readonly dryRun: boolean
  readonly dpop: VerifyOptions['dpop']
}

export const noScopes: readonly string[] = []

const maxCredentialLength = 8192
const maxCost = 1_000_000

const ipv4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/

/** The address without its zone (RFC 4007 §11); undefined for what is none. */
const plainAddress = (text: string): string | undefined => {
  const address = text.includes('%') ? text.slice(0, text.indexOf('%')) : text
  if (address.length > 45) return undefined
  if (!address.includes(':')) return ipv4.test(address) ? address : undefined
  return /^[\da-f:.]+$/i.test(address) && URL.canParse(`http://[${address}]/`) ? address : undefined
}

/**
 * What is to be asked, or the answer to what need not be: a credential, organization or address of a form that none has.
 * Throws TypeError or RangeError for what the program itself gets wrong.
 */
export const questionOf = (credential: string, options: VerifyOptions = {}): Question | Denied => {
  const { scopes = noScopes, organizationId, cost = 1, ip, dryRun = false, dpop } = options
  if (!Number.isInteger(cost) || cost < 1 || cost > maxCost)
    throw new RangeError(`cost must be a whole number from 1 to ${maxCost}.`)
  if (scopes.length > 100 || scopes.some((scope) => typeof scope !== 'string' || scope === '' || scope.length > 100))
    throw new TypeError('scopes must be at most 100 texts of 1 to 100 characters.')
  if (typeof credential !== 'string') throw new TypeError('The credential must be a text.')
  if (credential === '' || credential.length > maxCredentialLength) return denied('invalid_api_key')
  if (organizationId !== undefined && (organizationId === '' || organizationId.length > 100))
    return denied('invalid_request')
  const address = ip === undefined ? undefined : plainAddress(ip)
  if (ip !== undefined && address === undefined) return denied('invalid_request')
  if (dpop && (dpop.proof === '' || dpop.proof.length > 8192 || dpop.url.length > 8192 || dpop.method.length > 64))
    return denied('invalid_api_key', { dpop: { error: 'invalid_dpop_proof' } })
  return { credential, scopes, organizationId, cost, ip: address, dryRun, dpop }
}
