// What the main thread and the threads that serve tell each other.
import { ConfigurationError, Refusal } from '../errors.ts'
import type { Measured } from '../http/metrics.ts'

/** What a thread is started with. */
export interface Beginning {
  memory: SharedArrayBuffer
  /** Its number, never used before in this server. */
  thread: number
  /** Whether it does what one does for all. */
  once: boolean
  /** Whether the server starts: it makes the set-up link. */
  starts: boolean
  /** 0: any; then the others get the same. */
  port: number
  /** SHA-256 of the configuration file. */
  configDigest: string | undefined
  /** Where compiled code is kept. */
  compileCache: string | undefined
}

export interface Listening {
  issuer: string
  port: number
  store: string
  /** The set-up link of a first start. */
  link: string | undefined
}

/** To the main thread. */
export type Told =
  | { kind: 'listening'; listening: Listening }
  /** It could not begin to serve. */
  | { kind: 'failed'; failure: Failure }
  /** What all have measured is asked for. */
  | { kind: 'gather'; id: number }
  /** What it has measured, as it was asked. */
  | { kind: 'measured'; id: number; measured: Measured }

/** From the main thread. */
export type Asked =
  | { kind: 'stop'; signal: string }
  | { kind: 'measure'; id: number }
  | { kind: 'gathered'; id: number; gathered: readonly Measured[] }

/** An error as it can be told to another thread. */
export interface Failure {
  mistakes?: readonly string[]
  refusal?: Refusal['code']
  message: string
  stack?: string | undefined
  /** Of errors by Node and by SQLite. */
  code?: string | undefined
  errcode?: number | undefined
}

export const failureOf = (error: unknown): Failure => {
  if (error instanceof ConfigurationError) return { mistakes: error.mistakes, message: error.message }
  if (error instanceof Refusal) return { refusal: error.code, message: error.message }
  if (!(error instanceof Error)) return { message: String(error) }
  const { message, stack, code, errcode } = error as Error & Pick<Failure, 'code' | 'errcode'>
  return { message, stack, code, errcode }
}

export const errorOf = ({ mistakes, refusal, message, ...rest }: Failure): Error =>
  mistakes
    ? new ConfigurationError(mistakes)
    : refusal
      ? new Refusal(refusal, message)
      : Object.assign(new Error(message), rest)
