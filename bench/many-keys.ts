// API keys in any number that need not be kept: each follows from its number.
import { hash } from 'node:crypto'
import { crc32 } from 'node:zlib'

/** As src/credentials/format.ts makes them, from a hash in the place of chance. */
export const keyNumber = (index: number): string => {
  const body = `sk_${hash('sha256', `bench ${index}`, 'hex').slice(0, 56)}`
  return body + crc32(body).toString(16).padStart(8, '0')
}
