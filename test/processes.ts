// Real server processes and the real command line, on one data folder, asked over real sockets.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent, type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Cleanup } from './temporary-folder.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const seedsFile = fileURLToPath(new URL('../examples/seeds/latchkey.config.ts', import.meta.url))

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  text: string
  /** The body as JSON. */
  json: <T = Record<string, unknown>>() => T
}

interface Asking {
  host?: string
  headers?: OutgoingHttpHeaders
  body?: object | string
}

export interface Running {
  port: number
  child: ChildProcess
  /** Everything that it has printed. */
  output: () => string
  ask: (method: string, path: string, asking?: Asking) => Promise<Answer>
  /** Sends the signal and waits for the end. */
  end: (signal: NodeJS.Signals) => Promise<void>
}

/** What is compiled once is kept, as `npx latchkey` and `npm start` do. */
const NODE_COMPILE_CACHE = fileURLToPath(new URL('../node_modules/.cache/latchkey', import.meta.url))

const environment = (folder: string, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  NODE_COMPILE_CACHE,
  HOME: folder,
  LATCHKEY_DATA: folder,
  LATCHKEY_CONFIG: seedsFile,
  // one, so that the suite starts fewer threads; test/workers/promises.test.ts runs others with more
  LATCHKEY_WORKERS: process.env.LATCHKEY_WORKERS ?? '1',
  ...env,
})

/** A port that nothing listens on just now. */
const freePort = async (): Promise<number> => {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

const ask = (
  agent: Agent,
  port: number,
  method: string,
  path: string,
  { host = 'localhost', headers = {}, body }: Asking = {},
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const payload = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body)
    const sent = request(
      {
        agent,
        host: '127.0.0.1',
        port,
        method,
        path,
        headers: {
          host,
          ...(typeof body === 'object' && { 'content-type': 'application/json' }),
          ...(payload !== undefined && { 'content-length': Buffer.byteLength(payload) }),
          ...headers,
        },
      },
      (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (part: string) => (text += part))
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text,
            json: <T>() => JSON.parse(text) as T,
          }),
        )
        response.on('error', reject)
      },
    )
    sent.on('error', reject)
    sent.end(payload)
  })

/** Starts a server and waits until it listens; it is ended with the test. */
export const startServer = async (t: Cleanup, folder: string, env: NodeJS.ProcessEnv = {}): Promise<Running> => {
  const port = env.PORT ? Number(env.PORT) : await freePort()
  const child = spawn(process.execPath, ['src/main.ts'], {
    cwd: root,
    env: environment(folder, { ...env, PORT: String(port) }),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let printed = ''
  child.stdout.setEncoding('utf8').on('data', (part: string) => (printed += part))
  child.stderr.setEncoding('utf8').on('data', (part: string) => (printed += part))
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  const ended = once(child, 'exit')
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal)
    await ended
    agent.destroy()
  }
  t.after(() => end('SIGKILL'))
  const deadline = Date.now() + 30_000
  while (!printed.includes('"listening"')) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`The server did not start:\n${printed}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  return {
    port,
    child,
    output: () => printed,
    ask: (method, path, asking) => ask(agent, port, method, path, asking),
    end,
  }
}

export interface CommandResult {
  status: number | null
  stdout: string
  stderr: string
}

/** Starts the command line with nothing on standard input, or what `input` says. */
export const startCommand = (
  folder: string,
  args: readonly string[],
  { env = {}, input = '' }: { env?: NodeJS.ProcessEnv; input?: string } = {},
): { child: ChildProcess; stderr: () => string; ended: Promise<CommandResult> } => {
  const child = spawn(process.execPath, ['src/cli/main.ts', ...args], {
    cwd: root,
    env: environment(folder, env),
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (part: string) => (stdout += part))
  child.stderr.setEncoding('utf8').on('data', (part: string) => (stderr += part))
  child.stdin.end(input)
  const ended = once(child, 'close').then(([status]) => ({ status: status as number | null, stdout, stderr }))
  return { child, stderr: () => stderr, ended }
}

/** Runs the command line to its end. */
export const command = (...started: Parameters<typeof startCommand>): Promise<CommandResult> =>
  startCommand(...started).ended

/** Runs a command with --json that must succeed, and returns what it printed. */
export const commandJson = async <T = Record<string, string>>(folder: string, ...args: string[]): Promise<T> => {
  const { status, stdout, stderr } = await command(folder, [...args, '--json'])
  if (status !== 0) throw new Error(`latchkey ${args.join(' ')} exited with ${status}: ${stderr}`)
  return JSON.parse(stdout) as T
}

/** A person with an organization, made on the command line. */
export const makeOwner = async (folder: string): Promise<{ userId: string; organizationId: string }> => {
  const { id: userId } = await commandJson<{ id: string }>(
    folder,
    'users',
    'create',
    '--email',
    'owner@example.com',
    '--name',
    'Owner',
    '--operator',
  )
  const { id: organizationId } = await commandJson<{ id: string }>(
    folder,
    'orgs',
    'create',
    '--name',
    'Acme',
    '--owner',
    userId,
  )
  return { userId, organizationId }
}
