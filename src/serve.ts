// Serving: listen, print the set-up link at a first start, and stop within ten seconds when told to.
import type { AddressInfo } from 'node:net'
import { setupLink } from './accounts/links.ts'
import { buildApp } from './app.ts'
import type { Config } from './config/config.ts'

/** Milliseconds that requests in flight are given at a stop. */
const graceMs = 10_000

/** Serves until SIGTERM or SIGINT. Throws ConfigurationError before anything listens. */
export const serve = async (config: Config): Promise<void> => {
  const app = await buildApp(config)
  const { log, server } = app
  await server.listen({ port: config.port, host: config.host })
  app.startTimers()
  const { port } = server.server.address() as AddressInfo
  log.info({ issuer: app.config.issuer, host: config.host, port, store: app.store.kind }, 'listening')
  const link = await setupLink(app.store, app.config.issuer, Date.now())
  // the one secret that is ever printed: whoever reads the log of a first start sets the deployment up
  if (link !== undefined) log.info({ url: link }, 'open this link to set Latchkey up (single use, 24 hours)')

  let stopping = false
  const stop = (signal: string): void => {
    if (stopping) return
    stopping = true
    log.info({ signal }, 'stopping')
    app.stopAccepting()
    // what is still open after the grace period is cut, so that the rest of the stop is clean
    const cut = setTimeout(() => server.server.closeAllConnections(), graceMs - 1000).unref()
    app.close().then(
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
