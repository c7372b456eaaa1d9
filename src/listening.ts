// Beginning and ending to listen, as every thread that serves does it.
import { type AddressInfo, type Socket, createServer } from 'node:net'
import type { App } from './app.ts'
import type { Config } from './config/config.ts'
import { ConfigurationError, Refusal } from './errors.ts'

/** Milliseconds that requests in flight are given at a stop. */
export const graceMs = 10_000

/** Why nothing listens, in words; undefined: for a reason that has none. */
export const listeningFault = ({ host, port }: Config, { code }: NodeJS.ErrnoException): Error | undefined => {
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

interface Address {
  host: string
  port: number
  /** Whether other threads listen there too. */
  reusePort?: boolean
}

/**
 * Listens. "localhost" means both loopback addresses (RFC 6761 §6.3); what comes to the second is the same server's, and a machine
 * without IPv6 has no second. The framework would open a server of its own there, which nothing stands in front of.
 */
export const listen = async (
  { server }: Pick<App, 'server'>,
  { host, port, reusePort = false }: Address,
): Promise<void> => {
  // an option of Node's that the framework passes on and does not name
  const shared = reusePort ? { reusePort } : {}
  if (host !== 'localhost') return void (await server.listen({ port, host, ...shared }))
  await server.listen({ port, host: '127.0.0.1', ...shared })
  const other = createServer(
    { noDelay: true, allowHalfOpen: true },
    (socket: Socket) => void server.server.emit('connection', socket),
  )
  // both end together: what is in flight on either is waited for
  const close = server.server.close.bind(server.server)
  server.server.close = (done) => {
    if (!other.listening) return close(done)
    let open = 2
    const closed = (error?: Error): void => {
      open -= 1
      if (open === 0) done?.(error)
    }
    other.close(closed)
    return close(closed)
  }
  await new Promise<void>((resolve) => {
    other.once('error', () => resolve())
    const { port: bound } = server.server.address() as AddressInfo
    other.listen({ port: bound, host: '::1', ...shared }, () => resolve())
  })
}

/** Listens where the configuration says, and answers the port. Where it cannot, the app is closed, and the reason thrown in words. */
export const begin = async (app: App, where: Omit<Address, 'host'> = app.config): Promise<number> => {
  try {
    await listen(app, { ...where, host: app.config.host })
  } catch (error) {
    await app.close()
    throw listeningFault(app.config, error as NodeJS.ErrnoException) ?? error
  }
  return (app.server.server.address() as AddressInfo).port
}

/** Finishes what is in flight; what is still open after the grace period is cut, so that the rest of the stop is clean. Answers whether it was. */
export const stop = async ({ log, server, stopAccepting, close }: App): Promise<boolean> => {
  stopAccepting()
  const cut = setTimeout(() => server.server.closeAllConnections(), graceMs - 1000).unref()
  try {
    await close()
    return true
  } catch (error) {
    log.error({ err: error }, 'could not stop cleanly')
    return false
  } finally {
    clearTimeout(cut)
  }
}
