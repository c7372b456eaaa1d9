// One exchange with an upstream, whichever client carries it: what is asked, who gets the answer, how long it may take.
import type { IncomingMessage } from 'node:http'
import type { Api } from '../config/config.ts'

/** As it comes, or all of it. */
export type Body = IncomingMessage | Buffer

export interface Call {
  url: URL
  method: string
  /** Path with query, base path of the upstream included. */
  target: string
  /** Names and values in turn. */
  headers: string[]
  /** What is sent after the header; undefined: nothing. */
  body: Body | undefined
  timeouts: Api['timeouts']
}

export type Failure = 'upstream_unavailable' | 'upstream_timeout'

/** Who gets an upstream's answer: `begin`, then `data`, then `end`, each in its own time; `fail` once, at any of them. */
export interface Receiver {
  /** The header is there. `fields`: names and values in turn. `length`: of what follows, where that is said; octets. */
  begin: (status: number, reason: string, fields: string[], length: number | undefined) => void
  /** Answers whether more may come at once; if not, then after `resume`. */
  data: (chunk: Buffer) => boolean
  /** All of it has come. */
  end: (trailers: string[]) => void
  /** There is no answer, or no more of it. */
  fail: (failure: Failure, error: Error) => void
}

export interface Exchange {
  /** Gives it up; the receiver is told so, unless it has had all of the answer. */
  abort: () => void
  resume: () => void
}

export class SlowUpstream extends Error {}

export const failureOf = (error: Error): Failure =>
  error instanceof SlowUpstream ? 'upstream_timeout' : 'upstream_unavailable'

/** Of `Content-Length`, which the parsers take only as digits and only once (RFC 9112 §6.3). */
export const lengthOf = (value: string | string[] | undefined): number | undefined =>
  typeof value === 'string' ? Number(value) : undefined

/** Idle connections that are kept per upstream, and for how long. */
export const keptConnections = 256
export const keptMs = 30_000

const longestTimer = 2 ** 31 - 1

export const milliseconds = (seconds: number): number => Math.min(seconds * 1000, longestTimer)
