// When a credential ends: what was asked for, never later than the end of the one that makes it.
import type { Actor } from '../accounts/actor.ts'
import { Refusal } from '../errors.ts'
import { formatTime, parseTime } from '../rfc3339.ts'

/** Longest life that `expires_in` may ask for. */
export const maxExpiresInSeconds = 10 * 365 * 86_400

export interface ExpiryInput {
  /** Seconds from now, 1 to `maxExpiresInSeconds`. */
  expires_in?: number | undefined
  /** RFC 3339, in the future. */
  expires_at?: string | undefined
}

/** Throws `forbidden` where `expiresAt` (null: never) lies after the end of the actor's own credential. */
export const requireNotOutlived = (actor: Actor, expiresAt: number | null): void => {
  if (actor.expiresAt === undefined || (expiresAt !== null && expiresAt <= actor.expiresAt)) return
  throw new Refusal(
    'forbidden',
    `Your credential ends at ${formatTime(actor.expiresAt)}; with it you cannot make one that ends later.`,
  )
}

/**
 * The end in Unix milliseconds; null: never. Not asked for, it is the end of the actor's own credential.
 * Throws `invalid_request` for both fields, a time that has passed or is none, `forbidden` for one after the actor's own end.
 */
export const expiryOf = (actor: Actor, { expires_in, expires_at }: ExpiryInput, now: number): number | null => {
  if (expires_in !== undefined && expires_at !== undefined)
    throw new Refusal('invalid_request', 'Send expires_in or expires_at, not both.')
  const asked =
    expires_in !== undefined
      ? now + expires_in * 1000
      : expires_at !== undefined
        ? (parseTime(expires_at) ?? Number.NaN)
        : undefined
  if (asked === undefined) return actor.expiresAt ?? null
  if (!(asked > now))
    throw new Refusal(
      'invalid_request',
      'expires_at must be an RFC 3339 time in the future, such as 2031-01-31T00:00:00Z.',
    )
  requireNotOutlived(actor, asked)
  return asked
}
