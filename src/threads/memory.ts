// Memory that all threads of one server have in common: named regions of one piece, found by each thread for itself.
import { hash, randomBytes } from 'node:crypto'
import { threadId } from 'node:worker_threads'

/** Of address space; what nobody writes to takes no memory. */
const wholeBytes = 64 * 1024 * 1024
const maxRegions = 60

/** Words of the head: its lock, how many regions there are, where the next one begins, and what hashes are keyed with. */
const [headLock, regionCount, nextByte, salt] = [0, 1, 2, 4]
/** Words of a region's entry: 64 bits of its name's hash, the byte at which it begins, and its length in bytes and that of each of its parts. */
const [firstEntry, entryWords] = [8, 5]
const headBytes = 2048

/** Of several things in one thread that lock for themselves, as tests have them. */
let views = 0

export class SharedMemory {
  /** What other threads are given, to see the same. */
  readonly buffer: SharedArrayBuffer
  /** Names the thread in what it holds: above 0, and never used again in this server. */
  readonly thread: number
  readonly #head: Int32Array
  readonly #salt: string

  /** `buffer`: another thread's; absent, new memory. `thread` defaults to the one that asks. */
  constructor(buffer?: SharedArrayBuffer, thread = threadId + 1) {
    this.buffer = buffer ?? new SharedArrayBuffer(wholeBytes)
    this.thread = thread
    this.#head = new Int32Array(this.buffer, 0, headBytes / 4)
    if (buffer === undefined) {
      this.#head.set(new Int32Array(Uint8Array.from(randomBytes(16)).buffer), salt)
      this.#head[nextByte] = headBytes
    }
    this.#salt = this.#head.subarray(salt, salt + 4).join(' ')
  }

  /** Names the server among those on a store. */
  get server(): string {
    return this.digest('server')
      .map((word) => (word >>> 0).toString(16).padStart(8, '0'))
      .join('')
  }

  /** The same memory as seen by a thread of another number. */
  as(thread: number): SharedMemory {
    return new SharedMemory(this.buffer, thread)
  }

  /**
   * Byte at which the region of that name begins, made of zeros where no thread has asked for it before. It has parts of `partBytes`,
   * each of which begins with its lock. Both lengths are the same in every thread.
   */
  region(name: string, bytes: number, partBytes: number): number {
    const head = this.#head
    const [high, low] = this.digest(name)
    lock(head, headLock, this.thread)
    try {
      const count = head[regionCount] as number
      for (let at = firstEntry; at < firstEntry + count * entryWords; at += entryWords)
        if (head[at] === high && head[at + 1] === low) return head[at + 2] as number
      const offset = head[nextByte] as number
      const end = offset + Math.ceil(bytes / 64) * 64
      if (count === maxRegions || end > this.buffer.byteLength) throw new Error('The memory of the threads is full.')
      head.set([high, low, offset, bytes, partBytes], firstEntry + count * entryWords)
      head[nextByte] = end
      head[regionCount] = count + 1
      return offset
    } finally {
      unlock(head, headLock)
    }
  }

  /** 128 bits that nobody outside can foresee, so that nobody chooses what falls together. */
  digest(text: string): readonly [number, number, number, number] {
    const bytes = hash('sha256', `${this.#salt} ${text}`, 'buffer')
    return [bytes.readInt32LE(0), bytes.readInt32LE(4), bytes.readInt32LE(8), bytes.readInt32LE(12)]
  }

  /** Of a thread that is no more: opens the locks that it held. */
  forget(thread: number): void {
    const head = this.#head
    Atomics.compareExchange(head, headLock, thread, 0)
    const words = new Int32Array(this.buffer)
    for (let at = firstEntry; at < firstEntry + (head[regionCount] as number) * entryWords; at += entryWords) {
      const [offset, bytes, partBytes] = head.subarray(at + 2, at + 5) as unknown as [number, number, number]
      for (let lock = offset; lock < offset + bytes; lock += partBytes)
        Atomics.compareExchange(words, lock / 4, thread, 0)
    }
  }
}

/** For code that may be the only one to use it. */
export const ownMemory = (): SharedMemory => new SharedMemory(undefined, 1_000_000 + (views += 1))

/** Looks before a thread that waits for a lock goes to sleep: what is done under one takes less than a microsecond. */
const looks = 200

/** A thread that was stopped in the middle by the machine is waited for, asleep. */
const nap = 1

/** Waits until the word is free and makes it this thread's. Nothing may wait for anything else, or throw away time, under it. */
export const lock = (words: Int32Array, at: number, thread: number): void => {
  for (let look = 1; ; look++) {
    const holder = Atomics.compareExchange(words, at, 0, thread)
    if (holder === 0) return
    if (look % looks === 0) Atomics.wait(words, at, holder, nap)
  }
}

export const unlock = (words: Int32Array, at: number): void => {
  Atomics.store(words, at, 0)
}
