// RFC 9562 §5.7: ids whose order is the order of a given time, so that one index serves order, paging and a range of time.
import { randomUUIDv7 } from 'node:crypto'

const milliseconds = (at: number): string => {
  const digits = Math.max(0, Math.floor(at)).toString(16).padStart(12, '0')
  return `${digits.slice(0, 8)}-${digits.slice(8)}`
}

/** A new UUIDv7 of the time `at`, Unix milliseconds; those of one millisecond have no order among them. */
export const idAt = (at: number): string => milliseconds(at) + randomUUIDv7().slice(13)

/** No UUIDv7 of the time `at` or later is lower, and none of an earlier time is as high. */
export const lowestIdAt = (at: number): string => `${milliseconds(at)}-0000-0000-000000000000`
