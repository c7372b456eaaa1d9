// A table in memory that threads have in common. Its slots lie in buckets, each with a lock of its own; what a slot is for is
// hashed to one bucket and may lie in any of its slots. So looking is short, taking away is simple, and the size is fixed.
import { type SharedMemory, lock, unlock } from './memory.ts'

export interface Shape {
  /** A power of two. */
  buckets: number
  /** Slots of a bucket. */
  ways: number
  /** 32-bit words of a slot, an even number; the first three hold what it is for. */
  words: number
}

/** Where something lies if it is there. */
export interface Place {
  readonly table: Buckets
  /** Word at which its bucket begins: the bucket's lock. */
  readonly start: number
  /** 95 bits of its hash; `a` is never 0. */
  readonly a: number
  readonly b: number
  readonly c: number
  /** Where it was last. */
  slot: number
}

/** How many buckets let `capacity` things be there at once, though chance fills some buckets before others. */
export const bucketsFor = (capacity: number, ways: number): number =>
  capacity <= ways ? 1 : 2 ** Math.ceil(Math.log2((2 * capacity) / ways))

/** Slots are named by their first word; 0 is none, since there a lock lies. */
export class Buckets {
  readonly words: Int32Array
  /** The same memory: number `slot / 2 + n`. */
  readonly numbers: Float64Array
  readonly #memory: SharedMemory
  readonly #shape: Shape
  readonly #stride: number
  readonly #thread: number

  constructor(memory: SharedMemory, name: string, shape: Shape) {
    this.#memory = memory
    this.#shape = shape
    this.#thread = memory.thread
    this.#stride = (shape.ways + 1) * shape.words
    const length = shape.buckets * this.#stride
    const offset = memory.region(name, length * 4, this.#stride * 4)
    this.words = new Int32Array(memory.buffer, offset, length)
    this.numbers = new Float64Array(memory.buffer, offset, length / 2)
  }

  placeOf(text: string): Place {
    const [a, b, c, d] = this.#memory.digest(text)
    return { table: this, start: (d & (this.#shape.buckets - 1)) * this.#stride, a: a | 1, b, c, slot: 0 }
  }

  lock(start: number): void {
    lock(this.words, start, this.#thread)
  }

  /** Does nothing where this thread does not hold the lock (any more). */
  unlock(start: number): void {
    if (this.words[start] === this.#thread) unlock(this.words, start)
  }

  /** Does the work under the lock of the place's bucket. */
  locked<T>(place: Place, work: (place: Place) => T): T {
    this.lock(place.start)
    try {
      return work(place)
    } finally {
      this.unlock(place.start)
    }
  }

  /** The slot of what lies there, else 0. Under the bucket's lock, as all below. */
  find(place: Place): number {
    if (place.slot !== 0 && this.#isAt(place, place.slot)) return place.slot
    const end = place.start + this.#stride
    for (let slot = place.start + this.#shape.words; slot < end; slot += this.#shape.words)
      if (this.#isAt(place, slot)) return (place.slot = slot)
    return 0
  }

  /** A slot for something new: a free one, else the one of the lowest rank; 0: all are of rank Infinity. It is still whose it was. */
  choose({ start }: Place, rank: (slot: number) => number): number {
    let [chosen, lowest] = [0, Infinity]
    for (let slot = start + this.#shape.words; slot < start + this.#stride; slot += this.#shape.words) {
      if (this.words[slot] === 0) return slot
      const ranked = rank(slot)
      if (ranked < lowest) [chosen, lowest] = [slot, ranked]
    }
    return chosen
  }

  /** Makes the slot the place's, once all else of it is written: a thread that dies before leaves nothing that is found. */
  name(slot: number, place: Place): void {
    this.words[slot + 2] = place.c
    this.words[slot + 1] = place.b
    this.words[slot] = place.a
    place.slot = slot
  }

  free(slot: number): void {
    this.words[slot] = 0
  }

  /** The word of the lock of the slot's bucket. */
  startOf(slot: number): number {
    return slot - (slot % this.#stride)
  }

  /** Every slot, one by one; without locks. */
  *slots(): Generator<number> {
    const { words } = this.#shape
    for (let start = 0; start < this.words.length; start += this.#stride)
      for (let slot = start + words; slot < start + this.#stride; slot += words) yield slot
  }

  #isAt({ a, b, c }: Place, slot: number): boolean {
    const { words } = this
    return words[slot] === a && words[slot + 1] === b && words[slot + 2] === c
  }
}
