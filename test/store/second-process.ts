// Starts sqlite-process.ts and talks with it.
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('sqlite-process.ts', import.meta.url))

export interface SecondProcess {
  /** What it said first: the migrations that it applied. */
  migrated: readonly string[]
  /** Sends a line and answers the next line, parsed. */
  ask(line: string): Promise<unknown>
  /** Sends a line whose answers nobody waits for. */
  tell(line: string): void
  /** kill -9, and what it had said until then. */
  kill(): Promise<readonly string[]>
}

/** `startAt`: Unix milliseconds until which it waits before it opens the store. Killed when the test ends. */
export const startSecondProcess = async (
  t: Pick<TestContext, 'after'>,
  folder: string,
  startAt = 0,
): Promise<SecondProcess> => {
  const child: ChildProcess = spawn(process.execPath, [script, folder, String(startAt)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  t.after(async () => {
    child.kill('SIGKILL')
    await ended
  })
  const { stdin, stdout } = child
  if (!stdin || !stdout) throw new Error('no pipes')
  stdin.on('error', () => {}) // lines that were still on their way when it was killed
  const said: string[] = []
  const waiting: ((line: string) => void)[] = []
  createInterface({ input: stdout }).on('line', (line) => {
    said.push(line)
    waiting.shift()?.(line)
  })
  const next = (): Promise<unknown> =>
    Promise.race([
      new Promise<string>((resolve) => waiting.push(resolve)).then((line): unknown => JSON.parse(line)),
      ended.then(() => Promise.reject(new Error('the second process ended'))),
    ])
  const { migrated } = (await next()) as { migrated: string[] }
  return {
    migrated,
    ask(line) {
      stdin.write(`${line}\n`)
      return next()
    },
    tell: (line) => void stdin.write(`${line}\n`),
    async kill() {
      child.kill('SIGKILL')
      await ended
      return said.slice(1)
    },
  }
}
