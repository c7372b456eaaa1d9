// A command line at a store of its own, in a process that is kept for the next command.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '../temporary-folder.ts'

const commandProcess = fileURLToPath(new URL('command-process.ts', import.meta.url))
const seedsFile = fileURLToPath(new URL('../../examples/seeds/latchkey.config.ts', import.meta.url))

export interface Outcome {
  status: number
  stdout: string
  stderr: string
}

export interface Desk {
  folder: string
  /** Runs a command to its end. */
  run: (...args: string[]) => Promise<Outcome>
  /** Runs a command with --json that must succeed, and answers its document. */
  json: <T = Record<string, unknown>>(...args: string[]) => Promise<T>
  /** Runs a command that must be refused: status 1, nothing on standard output. Answers what is said on standard error. */
  refused: (...args: string[]) => Promise<string>
}

/** The configuration is that of the five seeds; `env` adds to it. The process ends with the test. */
export const desk = (t: Pick<TestContext, 'after'>, env: NodeJS.ProcessEnv = {}): Desk => {
  const folder = temporaryFolder(t)
  const child = fork(commandProcess, {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, LATCHKEY_DATA: folder, LATCHKEY_CONFIG: seedsFile, ...env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const ended = once(child, 'exit').then(() => {
    throw new Error('The process of the command line has ended.')
  })
  ended.catch(() => {}) // told to whoever waits for a command
  t.after(() => child.kill())
  const run: Desk['run'] = async (...args) => {
    const answered = once(child, 'message')
    child.send(args)
    const [outcome] = (await Promise.race([answered, ended])) as [Outcome]
    return outcome
  }
  return {
    folder,
    run,
    async json<T>(...args: string[]) {
      const { status, stdout, stderr } = await run(...args, '--json')
      if (status !== 0) throw new Error(`latchkey ${args.join(' ')} ended with ${status}: ${stderr}`)
      return JSON.parse(stdout) as T
    },
    async refused(...args) {
      const { status, stdout, stderr } = await run(...args)
      if (status !== 1 || stdout !== '')
        throw new Error(`latchkey ${args.join(' ')} ended with ${status}: ${stdout}${stderr}`)
      return stderr
    },
  }
}
