// Serving: listen, greet whoever watches, print the set-up link at a first start, and stop within ten seconds when told to.
import { type AddressInfo, type Socket, createServer } from 'node:net'
import { setupLink } from './accounts/links.ts'
import { type App, buildApp } from './app.ts'
import type { Config } from './config/config.ts'
import { ConfigurationError, Refusal } from './errors.ts'
import { version } from './version.ts'

/** Milliseconds that requests in flight are given at a stop. */
const graceMs = 10_000

/**
 * Listens. "localhost" means both loopback addresses (RFC 6761 §6.3); what comes to the second is the same server's, and a machine
 * without IPv6 has no second. The framework would open a server of its own there, which nothing stands in front of.
 */
export const listen = async (
  { server }: Pick<App, 'server'>,
  { host, port }: Pick<Config, 'host' | 'port'>,
): Promise<void> => {
  if (host !== 'localhost') return void (await server.listen({ port, host }))
  await server.listen({ port, host: '127.0.0.1' })
  const other = createServer({ noDelay: true }, (socket: Socket) => void server.server.emit('connection', socket))
  server.server.once('close', () => other.close())
  await new Promise<void>((resolve) => {
    other.once('error', () => resolve())
    other.listen((server.server.address() as AddressInfo).port, '::1', () => resolve())
  })
}

/** Why nothing listens, in words; undefined: for a reason that has none. */
const listeningFault = ({ host, port }: Config, { code }: NodeJS.ErrnoException): Error | undefined => {
  switch (code) {
    case 'EADDRINUSE':
      return new Refusal('conflict', `Something listens on ${host}:${port} already. Stop it, or set PORT to another.`)
    case 'EACCES':
      return new ConfigurationError([`PORT: this user may not listen on ${port}; set 1024 or more`])
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new ConfigurationError([`HOST: "${host}" is no address of this machine`])
    default:
      return undefined
  }
}

/** What a person at the terminal needs first, apart from the log. `link`: of a first start. */
const greeting = (
  { issuer, host, dataFolder, databaseUrl }: Config,
  port: number,
  link: string | undefined,
): string => {
  const lines = [
    ['Serving', issuer],
    ['Listening', `${host.includes(':') ? `[${host}]` : host}:${port}`],
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

/** Finishes what is in flight at SIGTERM or SIGINT, and then ends the process. */
const stopWhenTold = ({ log, server, stopAccepting, close }: App): void => {
  let stopping = false
  const stop = (signal: string): void => {
    if (stopping) return
    stopping = true
    log.info({ signal }, 'stopping')
    stopAccepting()
    // what is still open after the grace period is cut, so that the rest of the stop is clean
    const cut = setTimeout(() => server.server.closeAllConnections(), graceMs - 1000).unref()
    close().then(
      () => {
        clearTimeout(cut)
        log.info('stopped')
        process.exit(0)
      },
      (error: unknown) => {
        log.error({ err: error }, 'could not stop cleanly')
        process.exit(1)
      },
    )
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
}

/** Serves until SIGTERM or SIGINT. Throws ConfigurationError before anything listens, and Refusal where the port is taken. */
export const serve = async (config: Config): Promise<void> => {
  const app = await buildApp(config)
  const { log, server } = app
  try {
    await listen(app, config)
  } catch (error) {
    await app.close()
    throw listeningFault(config, error as NodeJS.ErrnoException) ?? error
  }
  stopWhenTold(app) // before anybody is told that it serves
  app.startTimers()
  void app.dashboard.files() // built by now, or by when somebody asks for it
  void app.prepare()
  const { port } = server.server.address() as AddressInfo
  log.info({ issuer: app.config.issuer, host: config.host, port, store: app.store.kind }, 'listening')
  const link = await setupLink(app.store, app.config.issuer, Date.now())
  // the one secret that is ever printed, whatever the log's level: whoever reads it sets the deployment up
  if (process.stderr.isTTY) process.stderr.write(greeting(app.config, port, link))
  else if (link !== undefined)
    log.child({}, { level: 'info' }).info({ url: link }, 'open this link to set Latchkey up (single use, 24 hours)')
}
