// Latchkey as it is served: a data folder with credentials, and `src/main.ts` on it.
import { fileURLToPath } from 'node:url'
import { buildApp } from '../src/app.ts'
import { createLog } from '../src/log.ts'
import { loadConfig } from '../src/config/config.ts'
import { type Core, type ServerProcess, startServer } from './child.ts'
import { redirectUri } from './supply.ts'

const configFile = fileURLToPath(new URL('latchkey.config.ts', import.meta.url))
const mainFile = fileURLToPath(new URL('../src/main.ts', import.meta.url))

export interface Credentials {
  /** API keys to be judged. */
  keys: string[]
  /** The key that asks for judgements: scope `verify`. */
  caller: string
  clientId: string
  clientSecret: string
  /** A client that acts for people. */
  app: { clientId: string; clientSecret: string; userId: string; organizationId: string }
}

/** Settings of `folder` alone: what the shell has set for another Latchkey is left out. */
export const environment = (folder: string): NodeJS.ProcessEnv => ({
  LATCHKEY_DATA: folder,
  LATCHKEY_CONFIG: configFile,
  LATCHKEY_URL: undefined,
  LATCHKEY_SECRET: undefined,
  LATCHKEY_WORKERS: '1', // on the core that servers have
  LATCHKEY_TRUSTED_PROXIES: undefined,
  DATABASE_URL: undefined,
  REDIS_URL: undefined,
  HOST: undefined,
  PORT: '0',
})

/** Makes the store in `folder` and the credentials in it, as the command line does: through the routes, as the local operator. */
export const prepare = async (folder: string, keyCount: number): Promise<Credentials> => {
  const built = await buildApp(await loadConfig(environment(folder)), { log: createLog('silent'), localOperator: true })
  try {
    const post = async (path: string, payload: object): Promise<Record<string, string>> => {
      const headers = { host: 'localhost', ...built.operatorHeaders() }
      const response = await built.server.inject({ method: 'POST', url: `/api/v1${path}`, headers, payload })
      if (response.statusCode !== 201) throw new Error(`POST ${path}: ${response.statusCode} ${response.body}`)
      return response.json()
    }
    const { id: owner } = await post('/users', { email: 'bench@example.com', name: 'Bench' })
    const { id: organization } = await post('/organizations', { name: 'Bench', owner })
    const path = `/organizations/${organization}`
    const makeKey = async (fields: object): Promise<string> =>
      (await post(`${path}/api-keys`, { name: 'Bench', user_id: owner, ...fields })).key as string
    const keys: string[] = []
    for (let i = 0; i < keyCount; i++) keys.push(await makeKey({}))
    const caller = await makeKey({ scopes: 'verify' })
    const client = await post(`${path}/clients`, { name: 'Bench', scopes: 'read' })
    const app = await post(`${path}/clients`, { name: 'Bench', scopes: 'read', redirect_uris: [redirectUri] })
    const { client_id: clientId, client_secret: clientSecret } = client as Record<'client_id' | 'client_secret', string>
    return {
      keys,
      caller,
      clientId,
      clientSecret,
      app: {
        clientId: app.client_id as string,
        clientSecret: app.client_secret as string,
        userId: owner as string,
        organizationId: organization as string,
      },
    }
  } finally {
    await built.close()
  }
}

/** Serves `folder`; the gateway passes requests on to `upstreamPort`. */
export const startLatchkey = (
  folder: string,
  upstreamPort: number,
  { workers = 1, core = 'server' }: { workers?: number; core?: Core } = {},
): Promise<ServerProcess> => {
  const own = { LATCHKEY_WORKERS: String(workers), BENCH_UPSTREAM: `http://127.0.0.1:${upstreamPort}` }
  return startServer(mainFile, {}, { core, env: { ...environment(folder), ...own } })
}
