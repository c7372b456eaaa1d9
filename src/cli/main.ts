// The command line's entry: reads the arguments, runs one command, sets the exit status.
import { isVerbose } from './context.ts'
import { reportFailure } from './failure.ts'
import { buildProgram } from './program.ts'

// a reader that has seen enough (`| head`) is no fault
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})

const program = buildProgram()
try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = reportFailure(error, isVerbose(program.opts()))
}
