// RFC 8949 §4.2.1: deterministic CBOR of the few kinds that tokens and key sets are made of, read strictly.

/** Arrays and maps within each other. */
const maxDepth = 8

type Item = number | string | boolean | null | Uint8Array<ArrayBuffer> | Item[] | Map<number | string, Item>

class Malformed extends Error {}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const compare = (a: Uint8Array, b: Uint8Array): number => {
  for (let i = 0; i < a.length && i < b.length; i++) if (a[i] !== b[i]) return (a[i] as number) - (b[i] as number)
  return a.length - b.length
}

class Reader {
  readonly #bytes: Uint8Array<ArrayBuffer>
  #at = 0

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.#bytes = bytes
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  take(length: number): Uint8Array<ArrayBuffer> {
    if (length > this.#bytes.length - this.#at) throw new Malformed()
    return this.#bytes.slice(this.#at, (this.#at += length))
  }

  /** The argument of a head in its shortest form; lengths without an end are none. */
  #argument(low: number): number {
    if (low < 24) return low
    const length = [1, 2, 4, 8][low - 24]
    if (length === undefined) throw new Malformed()
    const value = this.take(length).reduce((sum, byte) => sum * 256 + byte, 0)
    const least = [24, 256, 65_536, 4_294_967_296][low - 24] as number
    if (value < least || !Number.isSafeInteger(value)) throw new Malformed()
    return value
  }

  item(depth = 0): Item {
    if (depth > maxDepth) throw new Malformed()
    const [head = 0] = this.take(1)
    const major = head >> 5
    const low = head & 31
    if (major === 7) {
      if (low === 20 || low === 21) return low === 21
      if (low === 22) return null
      throw new Malformed()
    }
    const argument = this.#argument(low)
    switch (major) {
      case 0:
        return argument
      case 1:
        return -1 - argument
      case 2:
        return this.take(argument)
      case 3:
        return utf8.decode(this.take(argument))
      case 4:
        return Array.from({ length: this.#countable(argument) }, () => this.item(depth + 1))
      case 5:
        return this.#map(this.#countable(argument), depth)
      default:
        throw new Malformed()
    }
  }

  /** Each item is a byte at least: a number that cannot be is not counted up to. */
  #countable(length: number): number {
    if (length > this.#bytes.length - this.#at) throw new Malformed()
    return length
  }

  #map(length: number, depth: number): Map<number | string, Item> {
    const map = new Map<number | string, Item>()
    let before: Uint8Array | undefined
    for (let i = 0; i < length; i++) {
      const from = this.#at
      const key = this.item(depth + 1)
      const spelled = this.#bytes.subarray(from, this.#at)
      if (typeof key !== 'number' && typeof key !== 'string') throw new Malformed()
      // in the order of their bytes, so that none comes twice
      if (before && compare(before, spelled) >= 0) throw new Malformed()
      before = spelled
      map.set(key, this.item(depth + 1))
    }
    return map
  }
}

/** The one data item that `bytes` is; undefined for anything else. Callers cap the length. */
export const decodeCbor = (bytes: Uint8Array<ArrayBuffer>): Item | undefined => {
  try {
    const reader = new Reader(bytes)
    const item = reader.item()
    return reader.atEnd ? item : undefined
  } catch {
    return undefined
  }
}

const head = (major: number, argument: number): number[] => {
  if (argument < 24) return [(major << 5) | argument]
  if (argument < 256) return [(major << 5) | 24, argument]
  return [(major << 5) | 25, argument >> 8, argument & 255]
}

/** Sig_structure of a COSE_Sign1 (RFC 9052 §4.4), without external data. */
export const sigStructure = (protectedBytes: Uint8Array, payload: Uint8Array): Uint8Array<ArrayBuffer> => {
  const context = new TextEncoder().encode('Signature1')
  return Uint8Array.from([
    ...head(4, 4),
    ...head(3, context.length),
    ...context,
    ...head(2, protectedBytes.length),
    ...protectedBytes,
    ...head(2, 0),
    ...head(2, payload.length),
    ...payload,
  ])
}
