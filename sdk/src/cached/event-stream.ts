// Server-sent events (HTML Living Standard §9.2.6), read from a stream of bytes.

export interface ServerEvent {
  readonly event: string
  readonly data: string
}

/** Longest that an event may be, characters. */
const maxLength = 64 * 1024

/** Takes text as it comes, and calls `onEvent` for each event and `onId` for each id. */
export class EventParser {
  readonly #onEvent: (event: ServerEvent) => void
  readonly #onId: (id: string) => void
  #rest = ''
  #event = ''
  #data: string[] = []

  constructor(onEvent: (event: ServerEvent) => void, onId: (id: string) => void) {
    this.#onEvent = onEvent
    this.#onId = onId
  }

  /** Throws RangeError where a line is too long to be one of ours. */
  take(text: string): void {
    this.#rest += text
    for (;;) {
      const end = this.#rest.search(/\r\n?|\n/)
      // a CR at the very end may be half of a line's end
      if (end === -1 || (this.#rest[end] === '\r' && end + 1 === this.#rest.length)) break
      const line = this.#rest.slice(0, end)
      this.#rest = this.#rest.slice(end + (this.#rest.startsWith('\r\n', end) ? 2 : 1))
      this.#line(line)
    }
    if (this.#rest.length > maxLength) throw new RangeError('A line of the stream is too long.')
  }

  #line(line: string): void {
    if (line === '') {
      if (this.#data.length > 0) this.#onEvent({ event: this.#event || 'message', data: this.#data.join('\n') })
      this.#event = ''
      this.#data = []
      return
    }
    const colon = line.indexOf(':')
    const field = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
    if (field === 'event') this.#event = value
    else if (field === 'data') this.#data.push(value)
    else if (field === 'id' && !value.includes('\0')) this.#onId(value)
  }
}
