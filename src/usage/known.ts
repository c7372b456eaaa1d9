// What was worked out lately, so that it need not be again: bounded, and forgotten as a whole.

const maxKnown = 2_000
/** Longer texts are worked out each time: they would be kept. */
const maxLength = 300

export class Known {
  readonly #read: (text: string) => string
  readonly #known = new Map<string, string>()

  constructor(read: (text: string) => string) {
    this.#read = read
  }

  of(text: string): string {
    const known = this.#known.get(text)
    if (known !== undefined) return known
    const made = this.#read(text)
    if (text.length <= maxLength) {
      if (this.#known.size >= maxKnown) this.#known.clear()
      this.#known.set(text, made)
    }
    return made
  }
}
