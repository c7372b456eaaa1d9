// A process that runs one command after the other: many in the time that one process takes to start.
import { run } from '../../src/cli/run.ts'
import type { Outcome } from './desk.ts'

const streams = ['stdout', 'stderr'] as const

const captured = async (args: readonly string[]): Promise<Outcome> => {
  const printed = { stdout: '', stderr: '' }
  for (const name of streams) {
    process[name].write = (text: string | Uint8Array) => {
      printed[name] += String(text)
      return true
    }
  }
  process.exitCode = undefined
  return { status: await run(args), ...printed }
}

process.on('message', (args: string[]) => {
  void captured(args).then((outcome) => process.send?.(outcome))
})
