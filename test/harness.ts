// An app on a store of its own, asked through its front door; and a small world to ask about.
import type { RequestListener } from 'node:http'
import type { InjectOptions, LightMyRequestResponse } from 'fastify'
import inject from 'light-my-request'
import { type Logger, pino } from 'pino'
import { type App, buildApp } from '../src/app.ts'
import { type Config, type LatchkeyConfig, buildConfig } from '../src/config/config.ts'
import seeds from '../examples/seeds/latchkey.config.ts'
import { type Cleanup, temporaryFolder } from './temporary-folder.ts'

export { seeds }

export interface Clock {
  (): number
  /** Unix milliseconds; may be set and moved. */
  at: number
  /** Moves the clock on by so many milliseconds. */
  advance: (milliseconds: number) => void
}

/** A clock that stands still until it is moved. */
export const stoppedClock = (at: number | string): Clock => {
  const clock = Object.assign((): number => clock.at, {
    at: typeof at === 'number' ? at : Date.parse(at),
    advance: (milliseconds: number) => {
      clock.at += milliseconds
    },
  })
  return clock
}

export interface LaunchOptions {
  /** Default: the five seeds. */
  file?: LatchkeyConfig
  env?: NodeJS.ProcessEnv
  now?: () => number
  folder?: string
  /** Default: nothing is logged. */
  log?: Logger
}

export interface Launched {
  app: App
  config: Config
  folder: string
  /** A request as the server would get it from a socket. */
  inject: (options: InjectOptions) => Promise<LightMyRequestResponse>
  /** A request; `host` is the API's, `as` a credential for `Authorization: Bearer`. */
  ask: (
    method: string,
    url: string,
    options?: {
      host?: string
      as?: string
      headers?: Record<string, string>
      body?: object | string
      form?: Record<string, string>
    },
  ) => Promise<LightMyRequestResponse>
  /** A management request as the local operator; throws unless it is answered 2xx. */
  operate: <T = Record<string, unknown>>(method: string, path: string, body?: object) => Promise<T>
}

/** Builds an app in a temporary folder; it is closed when the test ends. */
export const launch = async (
  t: Cleanup,
  { file = seeds, env = {}, now, folder = temporaryFolder(t), log = pino({ level: 'silent' }) }: LaunchOptions = {},
): Promise<Launched> => {
  const config = buildConfig({ LATCHKEY_DATA: folder, ...env }, file)
  const app = await buildApp(config, { log, localOperator: true, ...(now && { now }) })
  let open = true
  t.after(async () => {
    if (open) await app.close()
    open = false
  })
  // past the framework too: what is not for Latchkey itself never reaches it
  const [listener] = app.server.server.listeners('request') as RequestListener[]
  const request = (options: InjectOptions) => inject(listener as RequestListener, options)
  return {
    inject: request,
    app,
    config: app.config,
    folder,
    ask(method, url, { host = 'localhost', as, headers = {}, body, form } = {}) {
      return request({
        method,
        url,
        headers: {
          host,
          ...(as !== undefined && { authorization: `Bearer ${as}` }),
          ...(form && { 'content-type': 'application/x-www-form-urlencoded' }),
          ...headers,
        },
        ...(body !== undefined && { payload: body }),
        ...(form && { payload: new URLSearchParams(form).toString() }),
      })
    },
    async operate(method, path, body) {
      const response = await request({
        method,
        url: `/api/v1${path}`,
        headers: { host: new URL(app.config.issuer).host, ...app.operatorHeaders() },
        ...(body && { payload: body }),
      })
      if (response.statusCode >= 300) throw new Error(`${method} ${path}: ${response.statusCode} ${response.body}`)
      return response.json()
    },
  }
}

interface Made {
  id: string
}

export interface World {
  owner: string
  organization: string
  key: (fields?: Record<string, unknown>) => Promise<{ id: string; key: string }>
  token: (fields?: Record<string, unknown>) => Promise<{ id: string; token: string }>
  client: (fields?: Record<string, unknown>) => Promise<{ client_id: string; client_secret: string }>
}

let people = 0

/** A person who owns an organization, with ways to make credentials for them. */
export const world = async (
  { operate }: Pick<Launched, 'operate'>,
  tier: 'free' | 'pro' | 'enterprise' = 'free',
): Promise<World> => {
  people += 1
  const owner = (
    await operate<Made>('POST', '/users', { email: `person-${people}@example.com`, name: `Person ${people}` })
  ).id
  const organization = (await operate<Made>('POST', '/organizations', { name: `Organization ${people}`, owner, tier }))
    .id
  return {
    owner,
    organization,
    key: (fields = {}) =>
      operate('POST', `/organizations/${organization}/api-keys`, { name: 'Key', user_id: owner, ...fields }),
    token: (fields = {}) =>
      operate('POST', `/users/${owner}/tokens`, { name: 'Token', all_organizations: true, ...fields }),
    client: (fields = {}) => operate('POST', `/organizations/${organization}/clients`, { name: 'Client', ...fields }),
  }
}
