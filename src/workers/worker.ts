// What a thread that serves runs first.
import { enableCompileCache } from 'node:module'
import { dirname } from 'node:path'
import { workerData } from 'node:worker_threads'
import type { Beginning } from './messages.ts'

const { compileCache } = workerData as Beginning
// the main thread's, in whose folder Node has made one for its version
if (compileCache !== undefined) enableCompileCache(dirname(compileCache))
await import('./serving.ts')
