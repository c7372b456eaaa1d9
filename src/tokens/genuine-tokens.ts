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

const capacity = 10_000

export class GenuineTokens {
  readonly #byDigest = new Map<string, Genuine>()

  /** Found by digest: tokens are not kept, nor compared where time could be measured. */
  find(text: string): Genuine | undefined {
    return this.#byDigest.get(digestOf(text))
  }

  /** The oldest goes first. */
  keep(text: string, genuine: Genuine): void {
    if (this.#byDigest.size >= capacity) this.#byDigest.delete(this.#byDigest.keys().next().value as string)
    this.#byDigest.set(digestOf(text), genuine)
  }
}

const digestOf = (text: string): string => hash('sha256', text, 'base64url')
