// The management API in this process, on the store of this folder's configuration, as an operator; nothing listens.
import { pino, stdSerializers } from 'pino'
import { buildApp } from '../app.ts'
import { loadConfig } from '../config/config.ts'
import { type ManagementClient, Fault, readAnswer } from './client.ts'

/** Throws ConfigurationError. A request that fails throws what it failed by: nobody reads a log here. */
export const openLocalClient = async (): Promise<ManagementClient> => {
  const config = await loadConfig(process.env)
  let fault: unknown
  const remember = (error: Error): object => {
    fault = error
    return stdSerializers.err(error)
  }
  const log = pino({ level: 'error', serializers: { err: remember } }, { write: () => {} })
  const app = await buildApp(config, { log, localOperator: true, starts: false })
  const { host } = new URL(app.config.issuer)
  return {
    async request(method, path, body) {
      const { statusCode, body: text } = await app.server.inject({
        method,
        url: `/api/v1${path}`,
        headers: { host, ...app.operatorHeaders() },
        ...(body && { payload: body }),
      })
      try {
        return readAnswer(statusCode, text)
      } catch (error) {
        throw error instanceof Fault && fault !== undefined ? fault : error
      }
    },
    close: () => app.close(),
  }
}
