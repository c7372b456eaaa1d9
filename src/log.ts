// The log: one line of JSON for each event, without secrets.
import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino'

interface LoggedError {
  type: string
  message: string
  code: unknown
  stack: string | undefined
  cause: LoggedError | undefined
}

/** An error without what libraries hang on it, such as the bytes of the message that could not be read. */
const loggedError = (error: unknown): LoggedError | string => {
  if (!(error instanceof Error)) return String(error)
  const { name, message, stack, cause } = error
  const { code } = error as { code?: unknown }
  const told = cause instanceof Error && cause !== error ? loggedError(cause) : undefined
  return { type: name, message, code, stack, cause: typeof told === 'string' ? undefined : told }
}

/** `to`: where its lines go; standard output by default. */
export const createLog = (level: string, to?: DestinationStream): Logger => {
  const options: LoggerOptions = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: loggedError },
    // nothing logs headers or bodies; should anything ever do, these stay out
    redact: [
      'req.headers',
      'headers',
      '*.headers',
      'authorization',
      'credential',
      'token',
      'key',
      'secret',
      'password',
      '*.credential',
      '*.token',
      '*.secret',
      '*.password',
    ],
  }
  return to ? pino(options, to) : pino(options)
}
