// Which hashes no credential has, known without asking for each: a Bloom filter of all that there are. It never denies one that there is.
import { randomBytes } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import type { Listener } from './change-log.ts'

/** So many unknown hashes are asked for before a filter is made: typing mistakes never need one. */
const missesBefore = 1_000
/** Hashes that were asked for and not found, remembered one by one. */
const maxAbsent = 10_000
/** Hashes read in one go, in a millisecond or two. */
const readAtOnce = 2_000
const bitsPerHash = 12
const probes = 7
/** Room for hashes to come; a fuller filter is made anew. */
const growth = 1.25
const leastHashes = 10_000
/** 64 MiB: beyond 44 million credentials the filter lets more through. */
const maxBits = 2 ** 29

/** Two numbers of a text; from these come all probes. Seeded, so that nobody can say beforehand which texts are let through. */
class Bits {
  readonly capacity: number
  readonly #words: Uint32Array
  readonly #bits: number
  readonly #seed = randomBytes(8)
  #first = 0
  #second = 0
  count = 0

  constructor(hashes: number) {
    this.capacity = Math.max(leastHashes, Math.ceil(hashes * growth))
    this.#bits = Math.min(maxBits, this.capacity * bitsPerHash)
    this.#words = new Uint32Array(Math.ceil(this.#bits / 32))
  }

  /** FNV-1a, twice. */
  #mix(text: string, from: number, to: number): void {
    let first = this.#seed.readInt32LE(0)
    let second = this.#seed.readInt32LE(4)
    for (let i = from; i < to; i++) {
      const code = text.charCodeAt(i)
      first = Math.imul(first ^ code, 0x01000193)
      second = Math.imul(second ^ code, 0x85ebca6b)
    }
    this.#first = (first ^ (first >>> 15)) >>> 0
    this.#second = (second ^ (second >>> 13)) >>> 0
  }

  add(text: string, from: number, to: number): void {
    this.#mix(text, from, to)
    this.count += 1
    for (let probe = 0; probe < probes; probe++) {
      const bit = (this.#first + probe * this.#second) % this.#bits
      const word = Math.floor(bit / 32)
      this.#words[word] = (this.#words[word] as number) | (1 << (bit & 31))
    }
  }

  mayHold(text: string): boolean {
    this.#mix(text, 0, text.length)
    for (let probe = 0; probe < probes; probe++) {
      const bit = (this.#first + probe * this.#second) % this.#bits
      if (((this.#words[Math.floor(bit / 32)] as number) & (1 << (bit & 31))) === 0) return false
    }
    return true
  }
}

export class KnownHashes implements Listener {
  readonly #size: () => number
  readonly #after: (hash: string) => string | undefined
  readonly #absent = new Set<string>()
  #misses = 0
  /** What is filled, from the lowest hash on; `isWhole` once it has all. */
  #bits: Bits | undefined
  #isWhole = false
  #closed = false

  constructor(reader: DatabaseSync) {
    const size = reader.prepare('SELECT coalesce(max(rowid), 0) AS size FROM credentials') // at least as many as there are
    this.#size = () => (size.get() as { size: number }).size
    const after = reader.prepare(`SELECT group_concat(hash, ' ') AS hashes
      FROM (SELECT hash FROM credentials WHERE hash > ? ORDER BY hash LIMIT ${readAtOnce})`)
    this.#after = (hash) => (after.get(hash) as { hashes: string | null }).hashes ?? undefined
  }

  /** Whether no credential has this hash; false: perhaps one has. After the log's `position()`, in the same run. */
  isAbsent(hash: string): boolean {
    return this.#absent.has(hash) || (this.#isWhole && this.#bits?.mayHold(hash) === false)
  }

  /** One was asked for and not found, in this run. */
  missed(hash: string): void {
    if (this.#absent.size >= maxAbsent) this.#absent.delete(this.#absent.values().next().value as string)
    this.#absent.add(hash)
    this.#misses += 1
    if (this.#misses >= missesBefore && this.#bits === undefined) this.#fill()
  }

  added(hash: string): void {
    this.#absent.delete(hash)
    this.#bits?.add(hash, 0, hash.length)
    if (this.#isWhole && this.#bits && this.#bits.count > this.#bits.capacity) this.#fill()
  }

  forget(): void {
    this.#absent.clear()
    this.#bits = undefined
    this.#isWhole = false
    this.#misses = 0
  }

  close(): void {
    this.forget()
    this.#closed = true
  }

  /** From the lowest hash to the highest, a few in each turn of the event loop. Those that come meanwhile are told by `added`. */
  #fill(): void {
    const bits = new Bits(this.#size())
    this.#bits = bits
    this.#isWhole = false
    let last = ''
    const step = (): void => {
      if (this.#closed || this.#bits !== bits) return
      let hashes: string | undefined
      try {
        hashes = this.#after(last)
      } catch {
        return this.forget() // whoever asks next meets the fault itself
      }
      if (hashes === undefined) {
        this.#isWhole = true
        return
      }
      let from = 0
      for (let to = hashes.indexOf(' '); to !== -1; to = hashes.indexOf(' ', from)) {
        bits.add(hashes, from, to)
        from = to + 1
      }
      bits.add(hashes, from, hashes.length)
      last = hashes.slice(from)
      setImmediate(step).unref()
    }
    setImmediate(step).unref()
  }
}
