// The hashes of credentials that were found lately. Hashing costs as much as all the rest of a look-up, and who calls, calls again.
import { hashOf, maxOwnLength } from './format.ts'

/** Only what was found is kept, so that made-up values take nobody's room. */
const capacity = 4096

export class RecentHashes {
  readonly #hashes = new Map<string, string>()

  /** As `hashOf`. */
  of(value: string): string {
    return this.#hashes.get(value) ?? hashOf(value)
  }

  /** `value` has been found by `hash`. In memory alone, as the request that brought it is. */
  keep(value: string, hash: string): void {
    if (value.length > maxOwnLength || this.#hashes.has(value)) return
    if (this.#hashes.size >= capacity) this.#hashes.delete(this.#hashes.keys().next().value as string)
    // a copy: the value is a part of a whole message, which would be kept with it
    this.#hashes.set(Buffer.from(value).toString(), hash)
  }
}
