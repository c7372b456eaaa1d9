// How a command that fails says so: exit status 1 refused or failed, 2 wrong usage, 78 wrong configuration (EX_CONFIG).
import { CommanderError } from 'commander'
import { ConfigurationError, Refusal } from '../errors.ts'
import { isStoreFault } from '../store/fault.ts'
import { Fault } from './client.ts'

/** Says on standard error what went wrong, never a stack unless `verbose`, and answers the exit status. */
export const reportFailure = (error: unknown, verbose: boolean): number => {
  // commander has said it already; help and version are no failures
  if (error instanceof CommanderError)
    return ['commander.helpDisplayed', 'commander.version'].includes(error.code) ||
      (error.code === 'commander.help' && error.exitCode === 0)
      ? 0
      : 2
  const say = (text: string): void => void process.stderr.write(`latchkey: ${text}\n`)
  if (error instanceof ConfigurationError) {
    say(error.message)
    return 78
  }
  if (error instanceof Refusal) {
    say(error.message)
    return 1
  }
  if (error instanceof Fault)
    say(`${error.message}${error.requestId === undefined ? '' : ` (request ${error.requestId})`}`)
  else say(isStoreFault(error) ? `The store cannot be used: ${messageOf(error)}` : messageOf(error))
  if (verbose) process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
  else if (!(error instanceof Fault)) process.stderr.write('Run it again with --verbose to see where.\n')
  return 1
}

const messageOf = (error: unknown): string =>
  error instanceof Error
    ? error.message.split('\n', 1)[0] || (error as NodeJS.ErrnoException).code || error.name
    : String(error)
