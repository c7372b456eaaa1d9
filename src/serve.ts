// Serving: listen in one thread or in several, greet whoever watches, print the set-up link at a first start, and stop within ten
// seconds when told to.
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import type { Logger } from 'pino'
import type { Config } from './config/config.ts'
import { sharesPorts } from './config/workers.ts'
import { begin, graceMs, listeningFault, stop } from './listening.ts'
import { createLog } from './log.ts'
import { version } from './version.ts'
import type { Listening } from './workers/messages.ts'

/** What a person at the terminal needs first, apart from the log. */
const greeting = ({ host, dataFolder, databaseUrl, workers }: Config, { issuer, port, link }: Listening): string => {
  const lines = [
    ['Serving', issuer],
    ['Listening', `${host.includes(':') ? `[${host}]` : host}:${port}`],
    ...(workers > 1 ? [['Workers', String(workers)]] : []),
    ['Store', databaseUrl === undefined ? `SQLite in ${dataFolder}` : 'Postgres'],
    ['HTTP API', `${issuer}/docs`],
    ...(link === undefined
      ? []
      : [
          ['Set up', link],
          ['', 'Open it to become the first operator. It works once, for 24 hours.'],
        ]),
  ]
  return `\nLatchkey ${version}\n\n${lines.map(([name = '', value]) => `  ${name.padEnd(9)}  ${value}`).join('\n')}\n\n`
}

/** Finishes what is in flight at SIGTERM or SIGINT, and then ends the process. `end` answers whether it was clean. */
const stopWhenTold = (log: Logger, end: (signal: string) => Promise<boolean>): void => {
  let stopping = false
  const told = async (signal: string): Promise<void> => {
    if (stopping) return
    stopping = true
    log.info({ signal }, 'stopping')
    const clean = await end(signal)
    if (clean) log.info('stopped')
    process.exit(clean ? 0 : 1)
  }
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => void told(signal))
}

const announce = (config: Config, log: Logger, listening: Listening): void => {
  const { issuer, port, store, link } = listening
  log.info({ issuer, host: config.host, port, store, workers: config.workers }, 'listening')
  // the one secret that is ever printed, whatever the log's level: whoever reads it sets the deployment up
  if (process.stderr.isTTY) process.stderr.write(greeting(config, listening))
  else if (link !== undefined)
    log.child({}, { level: 'info' }).info({ url: link }, 'open this link to set Latchkey up (single use, 24 hours)')
}

const serveAlone = async (config: Config): Promise<void> => {
  const [{ buildApp }, { setupLink }] = await Promise.all([import('./app.ts'), import('./accounts/links.ts')])
  const app = await buildApp(config)
  const { log } = app
  const port = await begin(app, { port: config.port })
  stopWhenTold(log, () => stop(app)) // before anybody is told that it serves
  app.startTimers()
  void app.dashboard.files() // built by now, or by when somebody asks for it
  void app.prepare()
  const { issuer } = app.config
  const link = await setupLink(app.store, issuer, Date.now())
  announce(config, log, { issuer, port, store: app.store.kind, link })
}

/** Throws where something else listens there: threads that share a port would share it with another server's just as well. */
const refuseTaken = async (config: Config): Promise<void> => {
  const probe = createServer().listen({ port: config.port, host: config.host })
  try {
    await once(probe, 'listening')
  } catch (error) {
    throw listeningFault(config, error as NodeJS.ErrnoException) ?? error
  }
  probe.close()
  await once(probe, 'close')
}

/** This thread loads nothing of what serves. */
const serveTogether = async (config: Config): Promise<void> => {
  const { Supervisor } = await import('./workers/supervisor.ts')
  const { configDigestOf } = await import('./workers/config-digest.ts')
  const log = createLog(config.log.level)
  if (config.port !== 0) await refuseTaken(config)
  const supervisor = new Supervisor({
    count: config.workers,
    port: config.port,
    configDigest: configDigestOf(config),
    log,
    env: { ...process.env, LATCHKEY_WORKERS: String(config.workers) },
  })
  const listening = await supervisor.start()
  stopWhenTold(log, (signal) => supervisor.stop(signal, graceMs))
  announce(config, log, listening)
}

/**
 * In percent of what lived after a collection: by how much the heap may then grow until the next. V8 itself lets it grow to several times
 * that, and the memory stays with the process. Read at each collection, in every thread.
 */
const heapGrowth = 25

/** Serves until SIGTERM or SIGINT. Throws ConfigurationError before anything listens, and Refusal where the port is taken. */
export const serve = async (config: Config): Promise<void> => {
  setFlagsFromString(`--heap-growing-percent=${heapGrowth}`)
  if (config.workers === 1) return serveAlone(config)
  if (sharesPorts) return serveTogether(config)
  createLog(config.log.level).warn(
    { workers: config.workers },
    'this system cannot share a port among threads: one worker serves',
  )
  await serveAlone(config)
}
