// RFC 8949 §4.2.1: deterministic CBOR, written so and read only so.
import { type DecodeOptions, decode, encode, rfc8949EncodeOptions, type Token, Tokenizer } from 'cborg'

export const maxCborLength = 4096

/** Arrays, maps and tags together, which bounds their depth. */
const maxContainers = 32

class BoundedTokenizer extends Tokenizer {
  #containers = 0

  override next(): Token {
    const token = super.next()
    if (!token.type.terminal && ++this.#containers > maxContainers) throw new Error('CBOR has too many containers.')
    return token
  }
}

const strict: DecodeOptions = {
  strict: true,
  useMaps: true,
  rejectDuplicateMapKeys: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowBigInt: false,
  allowInfinity: false,
  allowNaN: false,
}

/** cborg compares keys by identity, so that only for numbers and texts has it seen every duplicate. */
const hasPlainKeys = (value: unknown): boolean =>
  value instanceof Map
    ? [...value].every(([key, item]) => (typeof key === 'string' || Number.isInteger(key)) && hasPlainKeys(item))
    : !Array.isArray(value) || value.every(hasPlainKeys)

/** Maps come from `Map`, byte strings from `Uint8Array`. */
export const encodeCbor = (value: unknown): Uint8Array => encode(value, rfc8949EncodeOptions)

/** The one data item that `bytes` is; undefined for anything that `encodeCbor` would write otherwise, for tags, and for keys that are neither integers nor texts. */
export const decodeCbor = (bytes: Uint8Array): unknown => {
  if (bytes.length > maxCborLength) return undefined
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) // a Buffer's slices would share memory
  try {
    const value: unknown = decode(plain, { ...strict, tokenizer: new BoundedTokenizer(plain, strict) })
    return hasPlainKeys(value) && Buffer.compare(encodeCbor(value), plain) === 0 ? value : undefined
  } catch {
    return undefined
  }
}
