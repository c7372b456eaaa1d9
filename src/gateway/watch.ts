// Long exchanges end with their credential: whatever is open is judged again, until it is over.
import type { Decision } from '../verify/decision.ts'

/**
 * How often, milliseconds. A judgement that has not come by the next turn counts as a refusal, so that even then an open
 * stream ends within twice this time.
 */
const everyMs = 2_400

export type Refused = Decision & { valid: false }

/**
 * Judges again (`judge` is a dry run) and calls `end` once when the credential is good no more; without a decision where
 * none could be had. Returns what stops it.
 */
export const watch = (judge: () => Promise<Decision>, end: (refused: Refused | undefined) => void): (() => void) => {
  let asking = false
  const stop = (): void => clearInterval(timer)
  const refuse = (refused?: Refused): void => {
    stop()
    end(refused)
  }
  const timer = setInterval(() => {
    if (asking) return refuse()
    asking = true
    judge().then(
      (decision) => {
        asking = false
        // the exchange has been paid for: what is left for others does not matter to it
        if (!decision.valid && decision.code !== 'rate_limit_exceeded') refuse(decision)
      },
      () => refuse(),
    )
  }, everyMs).unref()
  return stop
}
