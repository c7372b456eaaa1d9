// One standard output for all threads: a line is written whole before another begins, however long it is and whoever reads it.
import { writeSync } from 'node:fs'
import { type SharedMemory, lock, unlock } from './memory.ts'

/** Milliseconds until a reader that takes nothing more is tried again. */
const pauseMs = 5

const written = (octets: Buffer, from: number): number => {
  try {
    return writeSync(1, octets, from)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs)
    return 0
  }
}

/** Where the log of a thread goes. As in a process of one thread, a reader that takes nothing holds up whoever writes. */
export const sharedOutput = (memory: SharedMemory): { write: (line: string) => void } => {
  const words = new Int32Array(memory.buffer, memory.region('output', 8, 8), 2)
  let broken = false
  return {
    write(line) {
      if (broken) return
      const octets = Buffer.from(line)
      lock(words, 0, memory.thread)
      try {
        for (let at = 0; at < octets.length;) at += written(octets, at)
      } catch {
        broken = true // nobody reads any more
      } finally {
        unlock(words, 0)
      }
    },
  }
}
