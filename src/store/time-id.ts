// RFC 9562 §5.7: ids whose order is the order of a given time, so that one index serves order, paging and a range of time.
import { randomUUIDv7 } from 'node:crypto'

const milliseconds = (at: number): string => {
  const digits = Math.max(0, Math.floor(at)).toString(16).padStart(12, '0')
  return `${digits.slice(0, 8)}-${digits.slice(8)}`
}

const lastOfMillisecond = 0xfff
let latest = { at: Number.NaN, sequence: 0 }

/** A new UUIDv7 of the time `at`, Unix milliseconds. Those that this process makes within one millisecond are in their order (RFC 9562 §6.2, method 1). */
export const idAt = (at: number): string => {
  const sequence = at === latest.at ? Math.min(latest.sequence + 1, lastOfMillisecond) : 0
  latest = { at, sequence }
  return `${milliseconds(at)}-7${sequence.toString(16).padStart(3, '0')}${randomUUIDv7().slice(18)}`
}

/** No UUIDv7 of the time `at` or later is lower, and none of an earlier time is as high. */
export const lowestIdAt = (at: number): string => `${milliseconds(at)}-7000-8000-000000000000`
