// What doctor looks at on this machine: Node, the configuration file, the data folder, the secret, the disk, the port.
import { existsSync } from 'node:fs'
import { access, constants, stat, statfs } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { type Config, isLoopbackName } from '../../config/config.ts'
import { secretFile } from '../../deployment.ts'
import { activityFile, mainFile } from '../../store/sqlite.ts'
import { type Finding, fail, ok, warn } from './finding.ts'

const requiredNode = 26
const megabyte = 1024 * 1024

export const checkNode = (version: string): Finding =>
  Number.parseInt(version, 10) >= requiredNode
    ? ok('node', `Node ${version}`)
    : fail(
        'node',
        `Node ${version} is too old for Latchkey.`,
        `Install Node ${requiredNode}, or run npm ci, which brings it.`,
      )

/** Whether others than this machine are meant to reach the deployment. */
const isPublic = ({ issuer }: Pick<Config, 'issuer'>): boolean => {
  const { hostname } = new URL(issuer)
  return !isLoopbackName(hostname) && !hostname.endsWith('.localhost')
}

export const checkConfigFile = ({ configFile, apis }: Config, folder: string): Finding => {
  if (configFile !== undefined)
    return ok('configuration', `${configFile} is valid; APIs: ${[...apis.keys()].join(', ')}`)
  const misnamed = ['latchkey.config.js', 'latchkey.config.mjs', 'latchkey.config.mts', 'latchkey.config.json'].find(
    (name) => existsSync(join(folder, name)),
  )
  return misnamed === undefined
    ? ok('configuration', 'No latchkey.config.ts here: one API named default, an echo, is served.')
    : warn('configuration', `${misnamed} is not read.`, 'Name it latchkey.config.ts, or set LATCHKEY_CONFIG to it.')
}

export const checkIssuer = (config: Config): Finding => {
  const { issuer, host } = config
  const wide = host === '0.0.0.0' || host === '::'
  if (isPublic(config)) return ok('issuer', issuer)
  return wide
    ? warn(
        'issuer',
        `${issuer}, while it listens on every address (HOST=${host}): others cannot reach it by that name.`,
        'Set LATCHKEY_URL to the https URL that others use.',
      )
    : ok('issuer', `${issuer} (this machine only)`)
}

/** Addresses that belong to nobody's proxy (RFC 5737, RFC 3849, and a public resolver's): who trusts all of them trusts everybody. */
const strangers = [
  ['192.0.2.1', 'ipv4'],
  ['8.8.8.8', 'ipv4'],
  ['2001:db8::1', 'ipv6'],
  ['2001:4860:4860::8888', 'ipv6'],
] as const

export const checkProxies = ({ trustedProxies }: Config): Finding => {
  const trusted = (version: 'ipv4' | 'ipv6'): boolean =>
    strangers.filter((stranger) => stranger[1] === version).every(([address]) => trustedProxies.check(address, version))
  return trusted('ipv4') || trusted('ipv6')
    ? fail(
        'trusted proxies',
        'Everybody is trusted: any caller can forge its address, and the host and path that forward-auth decides by.',
        'Set LATCHKEY_TRUSTED_PROXIES to the addresses of your own proxies, as in 10.0.0.0/8.',
      )
    : ok(
        'trusted proxies',
        trustedProxies.rules.length === 0
          ? 'none'
          : trustedProxies.rules.map((rule) => rule.replace(/^Subnet: IPv[46] /, '')).join(', '),
      )
}

const isOpen = (mode: number): boolean => process.platform !== 'win32' && (mode & 0o077) !== 0

/** The folder itself, or where it does not exist the nearest one above it that does. */
const nearestFolder = (folder: string): string => {
  let nearest = folder
  while (!existsSync(nearest)) nearest = dirname(nearest)
  return nearest
}

export const checkDataFolder = async ({ dataFolder }: Config): Promise<Finding> => {
  const nearest = nearestFolder(dataFolder)
  if (!(await stat(nearest)).isDirectory())
    return fail('data folder', `${nearest} is not a folder.`, 'Set LATCHKEY_DATA to a folder, or move that file away.')
  try {
    await access(nearest, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch {
    return fail(
      'data folder',
      nearest === dataFolder
        ? `${dataFolder} cannot be written by this user.`
        : `${dataFolder} does not exist, and this user cannot make it in ${nearest}.`,
      'Run as its owner, chown it to the user that serves, or set LATCHKEY_DATA to another.',
    )
  }
  if (nearest !== dataFolder) return ok('data folder', `${dataFolder} does not exist yet; the first start makes it.`)
  const { mode } = await stat(dataFolder)
  if (isOpen(mode))
    return fail(
      'data folder',
      `${dataFolder} is open to other users of this machine (mode ${(mode & 0o777).toString(8)}).`,
      `chmod 700 ${dataFolder}`,
    )
  for (const file of [mainFile(dataFolder), activityFile(dataFolder), secretFile(dataFolder)]) {
    if (existsSync(file) && isOpen((await stat(file)).mode))
      return fail('data folder', `${file} can be read by other users of this machine.`, `chmod 600 ${file}`)
  }
  return ok('data folder', dataFolder)
}

export const checkSecret = (config: Config): Finding => {
  if (config.secret !== undefined) return ok('secret', 'LATCHKEY_SECRET is set.')
  const file = secretFile(config.dataFolder)
  const setIt = existsSync(file)
    ? `Set LATCHKEY_SECRET to the content of ${file} where only the server sees it, then delete the file.`
    : 'Set LATCHKEY_SECRET before the first start; `openssl rand -hex 32` makes one.'
  if (config.databaseUrl !== undefined)
    return warn(
      'secret',
      `LATCHKEY_SECRET is not set: every server on this database makes one of its own, and they do not agree.`,
      setIt,
    )
  if (isPublic(config))
    return warn(
      'secret',
      `The secret lies beside the data that it protects (${file}): who copies the folder has both.`,
      setIt,
    )
  return ok(
    'secret',
    existsSync(file) ? `${file} (beside the data, which will do on this machine)` : 'made at the first start',
  )
}

export const checkDisk = async ({ dataFolder }: Config): Promise<Finding> => {
  const { bavail, bsize } = await statfs(nearestFolder(dataFolder))
  const free = Math.floor((bavail * bsize) / megabyte)
  const detail = `${free.toLocaleString('en-US')} MB free`
  if (free < 100) return fail('disk', detail, 'Make room: without it no change can be kept.')
  return free < 1024 ? warn('disk', detail, 'Make room before it runs out.') : ok('disk', detail)
}

/** Whether one may listen there: undefined, or why not. */
const tryListening = (port: number, host: string): Promise<NodeJS.ErrnoException | undefined> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', resolve)
    server.listen({ port, host }, () => server.close(() => resolve(undefined)))
  })

const isLatchkey = async (port: number, host: string): Promise<boolean> => {
  const name = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : host.includes(':') ? `[${host}]` : host
  try {
    const response = await fetch(`http://${name}:${port}/healthz`, {
      signal: AbortSignal.timeout(2000),
      redirect: 'error',
    })
    return response.ok && ((await response.json()) as { status?: unknown } | null)?.status === 'ok'
  } catch {
    return false
  }
}

export const checkPort = async ({ port, host }: Config): Promise<Finding> => {
  if (port === 0) return ok('port', 'any that is free')
  if (await isLatchkey(port, host)) return ok('port', `A Latchkey answers on ${host}:${port}.`)
  const error = await tryListening(port, host)
  if (error === undefined) return ok('port', `${host}:${port} is free.`)
  if (error.code === 'EADDRINUSE')
    return fail('port', `Another program listens on ${host}:${port}.`, 'Stop it, or set PORT to another.')
  if (error.code === 'EACCES')
    return fail(
      'port',
      `This user may not listen on ${host}:${port}.`,
      'Set PORT to 1024 or more, or let a proxy listen there.',
    )
  return fail(
    'port',
    `${host}:${port} cannot be listened on (${error.code}).`,
    'Set HOST to an address of this machine.',
  )
}
