// Runs one command, from its arguments to its exit status.
import { isVerbose } from './context.ts'
import { reportFailure } from './failure.ts'
import { buildProgram } from './program.ts'

/** `args`: without the names of Node and the program. Answers the exit status; what fails has been told on standard error. */
export const run = async (args: readonly string[]): Promise<number> => {
  const program = buildProgram()
  try {
    await program.parseAsync(args, { from: 'user' })
    return Number(process.exitCode ?? 0)
  } catch (error) {
    return reportFailure(error, isVerbose(program.opts()))
  }
}
