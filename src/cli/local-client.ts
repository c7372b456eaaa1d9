// The management API in this process, on the store of this folder's configuration, as an operator; nothing listens.
import { pino } from 'pino'
import { buildApp } from '../app.ts'
import { loadConfig } from '../config/config.ts'
import { type ManagementClient, readAnswer } from './client.ts'

/** `verbose`: faults are logged on standard error with their stack. Throws ConfigurationError. */
export const openLocalClient = async (verbose: boolean): Promise<ManagementClient> => {
  const config = await loadConfig(process.env)
  const log = verbose
    ? pino({ level: 'error', base: null }, pino.destination({ dest: 2, sync: true }))
    : pino({ level: 'silent' })
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
      return readAnswer(statusCode, text)
    },
    close: () => app.close(),
  }
}
