// The bench's child processes: each on a core of its own, measured from outside, and all of them ended when the bench ends.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { text } from 'node:stream/consumers'

const cores = { server: 0, load: 1 }
/** `any`: not held to one. */
export type Core = keyof typeof cores | 'any'

/** Whether servers and load can be held to cores of their own: Linux with two cores and util-linux's taskset. */
export const canPin =
  process.platform === 'linux' && availableParallelism() > 1 && spawnSync('taskset', ['--version']).status === 0

const clockTicksPerSecond = 100 // USER_HZ: what /proc tells times in, on every Linux platform that Node runs on

const running = new Set<ChildProcess>()

/** Ends whatever still runs; called at every way out. */
export const endChildren = (): void => {
  for (const child of running) child.kill('SIGKILL')
}

const start = (file: string, core: Core, env: NodeJS.ProcessEnv): ChildProcess => {
  const held = canPin && core !== 'any' ? ['taskset', '-c', String(cores[core])] : []
  const command = [...held, process.execPath, file]
  const child = spawn(command[0] as string, command.slice(1), { env, stdio: ['pipe', 'pipe', 'pipe'] })
  running.add(child)
  child.once('close', () => running.delete(child))
  child.stdin?.on('error', () => undefined) // it has ended: its exit tells more
  return child
}

/** Runs a script of the bench to its end and returns the JSON that it wrote. `input` goes to its standard input. */
export const ask = async <T>(file: string, input: object, core: Core): Promise<T> => {
  const child = start(file, core, process.env)
  child.stdin?.end(JSON.stringify(input))
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const [output, errors] = await Promise.all([
    text(child.stdout as NodeJS.ReadableStream),
    text(child.stderr as NodeJS.ReadableStream),
  ])
  if ((await ended) !== 0) throw new Error(`${file} failed:\n${errors}`)
  return JSON.parse(output) as T
}

/** CPU time that all processes of the machine have used since it started, seconds. */
export const machineCpuSeconds = (): number =>
  cpus().reduce((sum, { times: { user, nice, sys, irq } }) => sum + (user + nice + sys + irq) / 1000, 0)

export interface ServerProcess {
  port: number
  /** All of the line that told the port. */
  told: Record<string, unknown>
  /** CPU time used so far, user and system, all threads; undefined where /proc is missing. */
  cpuSeconds: () => number | undefined
  /** The most memory ever resident, MiB; undefined where /proc is missing. */
  peakMemory: () => number | undefined
  stop: () => Promise<void>
}

const readProc = (pid: number, file: string): string | undefined =>
  process.platform === 'linux' ? readFileSync(`/proc/${pid}/${file}`, 'utf8') : undefined

/** Starts a server, on the servers' core unless it only works for them; it is ready once it has written a line of JSON that holds its `port`. */
export const startServer = async (
  file: string,
  input: object,
  { env, core = 'server' }: { env?: NodeJS.ProcessEnv; core?: Core } = {},
): Promise<ServerProcess> => {
  const child = start(file, core, { ...process.env, NODE_ENV: 'production', ...env })
  child.stdin?.end(JSON.stringify(input))
  let errors = ''
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    errors = (errors + chunk).slice(-4000)
  })
  const told = await new Promise<Record<string, unknown>>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`${file} did not start within 60 s.\n${errors}`)), 60_000)
    let output = ''
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk
      const line = output
        .split('\n')
        .slice(0, -1)
        .find((text) => /"port":\d/.test(text))
      if (line === undefined) return
      clearTimeout(late)
      child.stdout?.removeAllListeners('data').resume()
      resolve(JSON.parse(line) as Record<string, unknown>)
    })
    child.once('close', (code) => {
      clearTimeout(late)
      reject(new Error(`${file} ended with status ${code} before it listened.\n${errors}`))
    })
  })
  const pid = child.pid as number
  return {
    port: told.port as number,
    told,
    cpuSeconds() {
      // the second field is the command in parentheses, which may hold spaces
      const fields = readProc(pid, 'stat')?.split(') ')[1]?.split(' ')
      return fields && (Number(fields[11]) + Number(fields[12])) / clockTicksPerSecond
    },
    peakMemory() {
      const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readProc(pid, 'status') ?? '')?.[1]
      return kibibytes === undefined ? undefined : Number(kibibytes) / 1024
    },
    async stop() {
      const ended = new Promise((resolve) => child.once('close', resolve))
      child.kill('SIGTERM')
      const late = setTimeout(() => child.kill('SIGKILL'), 5000)
      await ended
      clearTimeout(late)
    },
  }
}
