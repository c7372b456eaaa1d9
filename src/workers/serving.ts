// What a thread that serves does, one of several: it has an app of its own on the store, and listens on the port that all of them listen on.
import { parentPort, workerData } from 'node:worker_threads'
import { setupLink } from '../accounts/links.ts'
import { type App, buildApp } from '../app.ts'
import { loadConfig } from '../config/config.ts'
import type { Measured } from '../http/metrics.ts'
import { begin, stop } from '../listening.ts'
import { createLog } from '../log.ts'
import { SharedMemory } from '../threads/memory.ts'
import { sharedOutput } from '../threads/output.ts'
import { configDigestOf } from './config-digest.ts'
import { type Asked, type Beginning, type Told, failureOf } from './messages.ts'

const main = parentPort
if (!main) throw new Error('This is a thread of a server: start the server instead.')
const { memory, thread, once, starts, port, configDigest } = workerData as Beginning
const tell = (told: Told): void => main.postMessage(told)

let questions = 0
const asked = new Map<number, (gathered: readonly Measured[]) => void>()

/** What all threads have measured. */
const gather = (): Promise<readonly Measured[]> =>
  new Promise((resolve) => {
    questions += 1
    asked.set(questions, resolve)
    tell({ kind: 'gather', id: questions })
  })

const start = async (): Promise<App> => {
  const config = await loadConfig(process.env)
  if (configDigestOf(config) !== configDigest)
    throw new Error('The configuration file has changed since the server was started. Restart the server.')
  const shared = new SharedMemory(memory, thread)
  const log = createLog(config.log.level, sharedOutput(shared))
  const app = await buildApp(config, { memory: shared, gather, log })
  const bound = await begin(app, { port, reusePort: true })
  app.startTimers(once)
  void app.prepare()
  if (once) void app.dashboard.files() // built by now, or by when somebody asks for it
  const { issuer } = app.config
  const link = starts ? await setupLink(app.store, issuer, Date.now()) : undefined
  tell({ kind: 'listening', listening: { issuer, port: bound, store: app.store.kind, link } })
  return app
}

const serve = (app: App): void => {
  main.on('message', (message: Asked) => {
    switch (message.kind) {
      case 'stop':
        void stop(app).then((clean) => process.exit(clean ? 0 : 1))
        break
      case 'measure':
        void app.measured().then((measured) => tell({ kind: 'measured', id: message.id, measured }))
        break
      case 'gathered':
        asked.get(message.id)?.(message.gathered)
        asked.delete(message.id)
        break
    }
  })
}

start().then(serve, (error: unknown) => {
  tell({ kind: 'failed', failure: failureOf(error) })
  process.exit(1)
})
