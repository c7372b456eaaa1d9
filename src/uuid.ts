// RFC 9562 §5.7: UUIDv7, for ids that are made at every request. node:crypto's own costs as much as a look-up.
import { randomFillSync } from 'node:crypto'

const idsAtOnce = 512
const octetsEach = 10
const random = Buffer.alloc(idsAtOnce * octetsEach)
let digits = ''
let used = idsAtOnce
let at = Number.NaN
let beginning = ''

/** A new one. Random in all but its time, which is in milliseconds. */
export const newId = (): string => {
  if (used === idsAtOnce) {
    randomFillSync(random)
    digits = random.toString('hex')
    used = 0
  }
  const now = Date.now()
  if (now !== at) {
    const time = now.toString(16).padStart(12, '0')
    beginning = `${time.slice(0, 8)}-${time.slice(8)}-7`
    at = now
  }
  const from = used * octetsEach * 2
  const variant = '89ab'[(random[(used + 1) * octetsEach - 1] as number) & 3] as string
  used += 1
  return `${beginning}${digits.slice(from, from + 3)}-${variant}${digits.slice(from + 3, from + 6)}-${digits.slice(from + 6, from + 18)}`
}
