// A real proxy (nginx, Caddy) from its example configuration, on free ports, in a folder of its own.
import { type ChildProcess, spawn } from 'node:child_process'
import { accessSync, constants, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import net, { type AddressInfo } from 'node:net'
import { delimiter, join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '../temporary-folder.ts'

const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** The program's path; where it is not installed the test is skipped by name, and fails with CI=true. */
export const programOrSkip = (t: TestContext, name: string): string | undefined => {
  const found = folders.map((folder) => join(folder, name)).find(isExecutable)
  if (found === undefined && process.env.CI === 'true')
    throw new Error(`${name} is not installed, and CI=true: this test must not be left out.`)
  if (found === undefined) {
    console.warn(`SKIPPED: ${t.name}: ${name} is not installed`)
    t.skip(`${name} is not installed`)
  }
  return found
}

export const freePort = async (): Promise<number> => {
  const server = net.createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** The example `name` with its ports replaced by those given, and `edit` applied. */
const exampleText = (
  name: string,
  ports: Record<'8000' | '8080' | '9000', number>,
  edit: (text: string) => string = (text) => text,
): string => {
  let text = readFileSync(fileURLToPath(new URL(`../../examples/${name}`, import.meta.url)), 'utf8')
  for (const [shown, port] of Object.entries(ports)) {
    if (!text.includes(`:${shown}`)) throw new Error(`${name} says nothing of port ${shown}`)
    text = text.replaceAll(`:${shown}`, `:${port}`)
  }
  return edit(text)
}

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })

interface Running {
  folder: string
  /** What it has written to stderr. */
  written: () => string
}

/** Writes `text` as `file` into a new folder and runs the program there until the test ends. `args` may name the folder. */
const run = async (
  t: TestContext,
  program: string,
  file: string,
  text: string,
  port: number,
  args: (folder: string) => string[],
): Promise<Running> => {
  const folder = temporaryFolder(t)
  mkdirSync(join(folder, 'temp'))
  writeFileSync(join(folder, file), text)
  let written = ''
  const child: ChildProcess = spawn(program, args(folder), {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (written += chunk))
  t.after(async () => {
    child.kill('SIGTERM')
    const late = setTimeout(() => child.kill('SIGKILL'), 5_000)
    await ended
    clearTimeout(late)
  })
  for (let tries = 0; !(await accepts(port)); tries += 1) {
    if (child.exitCode !== null || tries > 200) throw new Error(`${program} does not run:\n${written}`)
    await delay(50)
  }
  return { folder, written: () => written }
}

/** Runs the proxy on its example, between Latchkey and an API at these ports; answers the port that callers come to. */
type RunExample = (
  t: TestContext,
  program: string,
  ports: { latchkey: number; api: number },
) => Promise<Running & { port: number }>

export const runNginx: RunExample = async (t, program, { latchkey, api }) => {
  const port = await freePort()
  const text = exampleText('nginx/nginx.conf', { 8000: latchkey, 8080: port, 9000: api }, (conf) =>
    conf
      .replace('worker_processes auto;', 'worker_processes 1;')
      .replace(
        'http {',
        `http { access_log off; ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path temp/${name};`).join(' ')}`,
      ),
  )
  // without root there is nobody to become
  const user = process.getuid?.() === 0 ? 'user root; ' : ''
  const running = await run(t, program, 'nginx.conf', text, port, (folder) => [
    '-p',
    folder,
    '-c',
    `${folder}/nginx.conf`,
    '-e',
    'stderr',
    '-g',
    `${user}daemon off; pid ${folder}/nginx.pid;`,
  ])
  return { ...running, port }
}

export const runCaddy: RunExample = async (t, program, { latchkey, api }) => {
  const port = await freePort()
  const text = exampleText('caddy/Caddyfile', { 8000: latchkey, 8080: port, 9000: api })
  const running = await run(t, program, 'Caddyfile', text, port, (folder) => [
    'run',
    '--config',
    `${folder}/Caddyfile`,
    '--adapter',
    'caddyfile',
  ])
  return { ...running, port }
}
