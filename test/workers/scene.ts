// One server with several workers, on a store with one token, and limits that no slow machine outlasts.
import { Agent, request } from 'node:http'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import { buildApp } from '../../src/app.ts'
import { loadConfig } from '../../src/config/config.ts'
import { configDigestOf } from '../../src/workers/config-digest.ts'
import { Supervisor } from '../../src/workers/supervisor.ts'
import { type Cleanup, temporaryFolder } from '../temporary-folder.ts'

const configuration = `export default {
  apis: {
    zones: { profile: 'smoxy', hosts: ['localhost'], path: '/zones', upstream: 'echo', accepts: ['personal_access_token'],
      limits: [{ name: 'window', per: 'credential', limit: 100, period: 3600 }] },
    months: { profile: 'smoxy', hosts: ['localhost'], path: '/months', upstream: 'echo', accepts: ['personal_access_token'],
      limits: [{ name: 'month', per: 'organization', limit: { free: 1000, pro: 1000, enterprise: 1000 }, period: 'month' }] },
    free: { profile: 'smoxy', hosts: ['localhost'], path: '/free', upstream: 'echo', accepts: ['personal_access_token'], limits: [] },
  },
  log: { level: process.env.LOG_LEVEL ?? 'info', requests: 'none' },
}
`

export interface Made {
  folder: string
  env: NodeJS.ProcessEnv
  token: string
  /** Another token of the same person. */
  another: () => Promise<{ id: string; token: string }>
}

export const makeStore = async (t: Cleanup): Promise<Made> => {
  const folder = temporaryFolder(t)
  const file = join(folder, 'latchkey.config.ts')
  writeFileSync(file, configuration)
  const env = { LATCHKEY_DATA: folder, LATCHKEY_CONFIG: file, PORT: '0' }
  const app = await buildApp(await loadConfig(env), { log: pino({ level: 'silent' }), localOperator: true })
  const post = async <T>(path: string, payload: object): Promise<T> => {
    const headers = { host: 'localhost', ...app.operatorHeaders() }
    const response = await app.server.inject({ method: 'POST', url: `/api/v1${path}`, headers, payload })
    if (response.statusCode >= 300) throw new Error(response.body)
    return response.json()
  }
  const { id } = await post<{ id: string }>('/users', { email: 'one@example.com', name: 'One', operator: true })
  await post('/organizations', { name: 'Acme', owner: id })
  const another = () =>
    post<{ id: string; token: string }>(`/users/${id}/tokens`, { name: 'T', all_organizations: true })
  t.after(() => app.close())
  return { folder, env, token: (await another()).token, another }
}

export interface Served {
  supervisor: Supervisor
  port: number
  /** What has been logged as an error. */
  errors: () => string[]
}

/** A server in this process whose workers can be told to die. */
export const supervise = async (t: Cleanup, { env }: Made, count: number): Promise<Served> => {
  const errors: string[] = []
  const log = pino({ level: 'warn' }, { write: (line: string) => void errors.push(line) })
  const supervisor = new Supervisor({
    count,
    port: 0,
    configDigest: configDigestOf(await loadConfig(env)),
    log,
    module: new URL('mortal-worker.ts', import.meta.url),
    env: { ...env, PATH: process.env.PATH, LOG_LEVEL: 'error' },
    resourceLimits: { maxOldGenerationSizeMb: 160 },
  })
  t.after(async () => void (await supervisor.stop('SIGTERM', 5_000)))
  const { port } = await supervisor.start()
  return { supervisor, port, errors: () => errors }
}

export interface Got {
  status: number
  remaining: number
  text: string
}

/** One request on a connection of its own, so that the kernel chooses the worker anew; undefined: it was cut off. */
export const ask = (
  port: number,
  path: string,
  { token, agent, method = 'GET', body = '' }: { token?: string; agent?: Agent; method?: string; body?: string } = {},
): Promise<Got | undefined> =>
  new Promise((resolve) => {
    const headers = {
      host: 'localhost',
      ...(token !== undefined && { 'x-api-token': token }),
      ...(body !== '' && { 'content-type': 'application/x-www-form-urlencoded' }),
    }
    const sent = request(
      { host: '127.0.0.1', port, method, path, headers, agent: agent ?? new Agent({ maxSockets: 1 }) },
      (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (part: string) => (text += part))
        response.on('error', () => resolve(undefined))
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            remaining: Number(response.headers['x-ratelimit-remaining']),
            text,
          }),
        )
      },
    )
    sent.on('error', () => resolve(undefined))
    sent.end(body)
  })

/** So many requests, some at a time. */
export const burst = async (port: number, path: string, token: string, count: number): Promise<Got[]> => {
  const agent = new Agent({ keepAlive: true, maxSockets: 48, scheduling: 'fifo' })
  const answers = await Promise.all(Array.from({ length: count }, () => ask(port, path, { token, agent })))
  agent.destroy()
  return answers.filter((answer) => answer !== undefined)
}

export const allowedOf = (answers: readonly Got[]): number => answers.filter(({ status }) => status === 200).length
