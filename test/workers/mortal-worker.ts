// A worker as the server starts it, which dies when it is told to: by an exception that nobody catches, or because its heap is full.
import { BroadcastChannel, workerData } from 'node:worker_threads'
import type { Beginning } from '../../src/workers/messages.ts'

const { once } = workerData as Beginning
const orders = new BroadcastChannel('orders to workers') as BroadcastChannel & { unref: () => void }
orders.addEventListener('message', ({ data }: { data?: unknown }) => {
  const { of, way } = data as { of: 'first' | 'others'; way: 'exception' | 'heap' }
  if ((of === 'first') !== once) return
  if (way === 'exception')
    setImmediate(() => {
      throw new Error('told to die')
    })
  const kept: number[][] = []
  if (way === 'heap') for (;;) kept.push(Array.from({ length: 10_000 }, Math.random))
})
orders.unref()
await import('../../src/workers/worker.ts')
