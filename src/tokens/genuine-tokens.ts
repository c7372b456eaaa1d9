// Tokens whose signature was found right before. It stays right as long as its key verifies, and is then not computed again.
import { hash, type KeyObject } from 'node:crypto'
import type { AccessClaims } from './claims.ts'

export interface Genuine {
  claims: AccessClaims
  /** That verified it, and must still do so. */
  key: KeyObject
  /** undefined: the key is a secret of the API. */
  kid: string | undefined
}

/** What they may take in memory, bytes. */
const maxBytes = 16 * 2 ** 20
/** Of one: its claims, as far as they are longer than most, and its place. */
const sizeOf = (text: string): number => 1_000 + text.length

interface Kept extends Genuine {
  bytes: number
}

export class GenuineTokens {
  readonly #byDigest = new Map<string, Kept>()
  #bytes = 0

  /** Found by digest: tokens are not kept, nor compared where time could be measured. */
  find(text: string): Genuine | undefined {
    return this.#byDigest.get(digestOf(text))
  }

  /** The oldest go first. */
  keep(text: string, genuine: Genuine): void {
    const digest = digestOf(text)
    this.#remove(digest)
    const bytes = sizeOf(text)
    this.#bytes += bytes
    for (const oldest of this.#byDigest.keys()) {
      if (this.#bytes <= maxBytes) break
      this.#remove(oldest)
    }
    this.#byDigest.set(digest, { ...genuine, bytes })
  }

  #remove(digest: string): void {
    this.#bytes -= this.#byDigest.get(digest)?.bytes ?? 0
    this.#byDigest.delete(digest)
  }
}

const digestOf = (text: string): string => hash('sha256', text, 'base64url')
