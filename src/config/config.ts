// File and environment → one frozen Config. All mistakes are reported at once, by name and place, before anything listens.
import { existsSync } from 'node:fs'
import { BlockList, isIP } from 'node:net'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ConfigurationError } from '../errors.ts'
import { type Api, resolveApis } from './apis.ts'
import { readBaseUrl } from './base-url.ts'
import type { LatchkeyConfig } from './file.ts'
import { type LeaksConfig, resolveLeaks } from './leaks.ts'
import { type MailConfig, resolveMail } from './mail.ts'
import { readShape } from './shape.ts'
import { type SignInConfig, resolveSignIn } from './sign-in.ts'
import { usualWorkers } from './workers.ts'

export { identityScopes, isIdentityScope, isReservedScope } from './apis.ts'
export { isLoopbackName } from './base-url.ts'
export type { Api, Upstream } from './apis.ts'
export type * from './file.ts'

export interface Config {
  port: number
  host: string
  /** The one issuer, without a trailing slash. */
  issuer: string
  /** Whether LATCHKEY_URL was set; unset, the first start stores the issuer and any loopback name answers. */
  issuerExplicit: boolean
  dataFolder: string
  /** Where the file was read from; undefined: there was none. */
  configFile: string | undefined
  databaseUrl: string | undefined
  /** LATCHKEY_SECRET; undefined: made in the data folder. */
  secret: string | undefined
  trustedProxies: BlockList
  /** Threads that serve. */
  workers: number
  environments: readonly string[]
  keyPrefixes: readonly string[]
  apis: ReadonlyMap<string, Api>
  defaultApi: Api | undefined
  /** Latchkey's own API. */
  management: Api
  dashboardHosts: readonly string[]
  rotateAfterDays: number
  oauth: {
    registration: 'off' | 'token' | 'open'
    clientMetadataDocuments: boolean
    /** Milliseconds. */
    refreshIdleMs: number
    refreshAbsoluteMs: number
  }
  mail: MailConfig
  signIn: SignInConfig
  leaks: LeaksConfig
  log: { level: string; requests: 'all' | 'refused' | 'none' }
  /** The same configuration under another issuer: the one that the store remembers. */
  withIssuer: (issuer: string) => Config
}

/** Collects mistakes, so that one start tells all of them. */
export class Mistakes {
  readonly found: string[] = []

  add(place: string, what: string): void {
    this.found.push(`${place}: ${what}`)
  }

  throwIfAny(): void {
    if (this.found.length > 0) throw new ConfigurationError(this.found)
  }
}

const loopback = ['127.0.0.0/8', '::1/128']

/** Whether an address (not a name) is this machine's own. */
export const isLoopbackAddress = (address: string): boolean =>
  address === '::1' || (isIP(address) === 4 && address.startsWith('127.'))

const wholeNumber = (
  mistakes: Mistakes,
  name: string,
  value: string | undefined,
  fallback: number,
  min: number,
  max: number,
): number => {
  if (value === undefined || value === '') return fallback
  const number = /^\d{1,6}$/.test(value) ? Number(value) : Number.NaN
  if (number >= min && number <= max) return number
  mistakes.add(name, `"${value}" is not a whole number from ${min} to ${max}`)
  return fallback
}

const readIssuer = (mistakes: Mistakes, value: string | undefined, port: number): string => {
  const usual = `http://localhost:${port}`
  if (!value) return usual
  const read = readBaseUrl(value)
  if ('origin' in read) return read.origin
  const wrong =
    read.mistake === 'https'
      ? 'must be https: only loopback hosts and *.localhost may use http'
      : 'is not a base URL such as https://auth.example.com (no path, query or user)'
  mistakes.add('LATCHKEY_URL', `"${value.replace(/\/\/.*@/s, '//…@')}" ${wrong}`) // what stands before the @ may be a password
  return usual
}

const readProxies = (mistakes: Mistakes, value: string | undefined): BlockList => {
  const list = new BlockList()
  for (const entry of value === undefined
    ? loopback
    : value
        .split(',')
        .map((part) => part.trim())
        .filter(Boolean)) {
    const [address = '', bits] = entry.split('/')
    const version = isIP(address)
    const prefix = bits === undefined ? (version === 6 ? 128 : 32) : /^\d{1,3}$/.test(bits) ? Number(bits) : -1
    if (version === 0 || prefix < 0 || prefix > (version === 6 ? 128 : 32)) {
      mistakes.add('LATCHKEY_TRUSTED_PROXIES', `"${entry}" is not an address or CIDR such as 10.0.0.0/8`)
    } else list.addSubnet(address, prefix, version === 6 ? 'ipv6' : 'ipv4')
  }
  return list
}

const readFile = async (mistakes: Mistakes, path: string | undefined): Promise<LatchkeyConfig> => {
  if (path === undefined) return {}
  try {
    const module = (await import(pathToFileURL(path).href)) as { default?: LatchkeyConfig }
    if (typeof module.default === 'object' && module.default !== null) return module.default
    mistakes.add(path, 'has no default export; write `export default { … } satisfies LatchkeyConfig`')
  } catch (error) {
    mistakes.add(path, `cannot be read: ${(error as Error).message}`)
  }
  return {}
}

const dayMs = 86_400_000

const resolveOAuth = (file: LatchkeyConfig, mistakes: Mistakes): Config['oauth'] => {
  const { registration = 'off', clientMetadataDocuments = false, refreshTokens = {} } = file.oauth ?? {}
  const { absoluteDays = 365, idleDays = Math.min(30, absoluteDays) } = refreshTokens
  for (const [name, days] of Object.entries({ idleDays, absoluteDays }))
    if (!(days > 0 && days <= 3650))
      mistakes.add(`oauth.refreshTokens.${name}`, `${days} must be days above 0, at most 3650`)
  if (idleDays > absoluteDays)
    mistakes.add('oauth.refreshTokens.idleDays', `${idleDays} is more than absoluteDays, ${absoluteDays}`)
  return {
    registration,
    clientMetadataDocuments,
    refreshIdleMs: idleDays * dayMs,
    refreshAbsoluteMs: absoluteDays * dayMs,
  }
}

/** Reads the environment and the configuration file. Throws ConfigurationError with every mistake found. */
export const loadConfig = async (env: NodeJS.ProcessEnv, folder: string = process.cwd()): Promise<Config> => {
  const mistakes = new Mistakes()
  const explicitFile = env.LATCHKEY_CONFIG ? resolve(folder, env.LATCHKEY_CONFIG) : undefined
  const usualFile = resolve(folder, 'latchkey.config.ts')
  if (explicitFile && !existsSync(explicitFile)) mistakes.add('LATCHKEY_CONFIG', `there is no file ${explicitFile}`)
  const configFile =
    explicitFile && existsSync(explicitFile)
      ? explicitFile
      : !explicitFile && existsSync(usualFile)
        ? usualFile
        : undefined
  const file = await readFile(mistakes, configFile)
  return buildConfig(env, file, { folder, configFile, mistakes })
}

/** As `loadConfig`, from a configuration in memory. */
export const buildConfig = (
  env: NodeJS.ProcessEnv,
  given: LatchkeyConfig,
  {
    folder = process.cwd(),
    configFile,
    mistakes = new Mistakes(),
  }: { folder?: string; configFile?: string; mistakes?: Mistakes } = {},
): Config => {
  const port = wholeNumber(mistakes, 'PORT', env.PORT, 8000, 0, 65_535)
  const issuer = readIssuer(mistakes, env.LATCHKEY_URL, port)
  const workers = wholeNumber(mistakes, 'LATCHKEY_WORKERS', env.LATCHKEY_WORKERS, usualWorkers(), 1, 1024)
  if (env.REDIS_URL) mistakes.add('REDIS_URL', 'this version keeps its counters in the store; unset REDIS_URL')
  if (env.DATABASE_URL && !/^postgres(ql)?:\/\//.test(env.DATABASE_URL))
    mistakes.add('DATABASE_URL', 'must start with postgres://; leave it unset for SQLite in LATCHKEY_DATA')
  if (env.LATCHKEY_SECRET !== undefined && env.LATCHKEY_SECRET.length < 32) {
    mistakes.add('LATCHKEY_SECRET', 'must have at least 32 characters; `openssl rand -hex 32` makes one')
  }
  const file = readShape(given, mistakes)
  const rotateAfterDays = file.signingKeys?.rotateAfterDays ?? 90
  if (!(rotateAfterDays >= 0 && rotateAfterDays <= 36_500))
    mistakes.add('signingKeys.rotateAfterDays', `${rotateAfterDays} must be days from 0 (never) to 36500`)
  const resolved = resolveApis(file, issuer, mistakes)
  const config: Config = {
    port,
    host: env.HOST || '127.0.0.1',
    issuer,
    issuerExplicit: Boolean(env.LATCHKEY_URL),
    dataFolder: resolve(folder, env.LATCHKEY_DATA || 'data'),
    configFile,
    databaseUrl: env.DATABASE_URL || undefined,
    secret: env.LATCHKEY_SECRET,
    trustedProxies: readProxies(mistakes, env.LATCHKEY_TRUSTED_PROXIES),
    workers,
    ...resolved,
    rotateAfterDays,
    oauth: resolveOAuth(file, mistakes),
    mail: resolveMail(env, file, issuer, mistakes),
    leaks: resolveLeaks(file, resolved.environments, mistakes),
    signIn: resolveSignIn(env, file, issuer, mistakes),
    log: { level: file.log?.level ?? 'info', requests: file.log?.requests ?? 'refused' },
    withIssuer: (other) =>
      Object.freeze({
        ...buildConfig({ ...env, LATCHKEY_URL: other }, file, { folder, configFile }),
        issuerExplicit: false,
      }),
  }
  mistakes.throwIfAny()
  return Object.freeze(config)
}
