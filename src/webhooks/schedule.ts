// When a message is tried again, and when a webhook is given up (Standard Webhooks 1.0.0, "Deliverability and reliability").

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

/** Pauses after the first, second … failure: eight attempts in some 28 hours. */
const pauses = [10 * second, minute, 6 * minute, 30 * minute, 2 * hour, 8 * hour, 17 * hour]

/** Attempts by themselves. */
export const maxAttempts = pauses.length + 1

/** Each pause is up to so much longer or shorter, so that what failed together does not come back together. */
const jitter = 0.15

/** The most that a receiver may ask for by Retry-After. */
const longestWish = 6 * hour

/** Without one success for so long, a webhook is turned off. */
export const giveUpAfterMs = 5 * day

/** Milliseconds until the next attempt. `attemptsLeft`: those that remain. `random`: from 0 to 1. */
export const pauseMs = (attemptsLeft: number, wishMs: number | undefined, random: number): number => {
  const pause = pauses[Math.max(0, maxAttempts - 1 - attemptsLeft)] ?? 17 * hour
  const spread = Math.round(pause * (1 + jitter * (2 * random - 1)))
  return Math.max(spread, Math.min(wishMs ?? 0, longestWish))
}
