// Progress on standard error, and only on a terminal: one line that is written over.

const everyMs = 100

export class Progress {
  readonly #shown = process.stderr.isTTY
  #last = 0
  #dirty = false

  /** Shows `text` in place of what was shown before; too soon after that, nothing happens. */
  show(text: string): void {
    const now = performance.now()
    if (!this.#shown || now - this.#last < everyMs) return
    this.#last = now
    this.#dirty = true
    process.stderr.write(`\r\x1b[K${text.slice(0, Math.max(20, (process.stderr.columns || 80) - 1))}`)
  }

  /** Takes the line away. */
  clear(): void {
    if (this.#dirty) process.stderr.write('\r\x1b[K')
    this.#dirty = false
  }
}
