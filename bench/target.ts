// One server at one work: the requests that it gets and the answer that it must give.
import type { ServerProcess } from './child.ts'
import type { LoadPlan } from './load.ts'

export const works = [
  'verify',
  'forward-auth',
  'gateway',
  'client_credentials',
  'code exchange',
  'refresh',
  'introspection',
] as const

export type Work = (typeof works)[number]

/** Of requests that can be made only once. */
export interface Supply {
  /** So many fresh ones. */
  make: (count: number) => Promise<readonly string[]>
  /** More than the server answers in a second; a run that has sent them all ends early. */
  perSecond: number
}

export interface Target {
  work: Work
  name: string
  server: ServerProcess
  /** Another server that works for this one. */
  behind?: ServerProcess
  requests: readonly string[]
  supply?: Supply
  expect: LoadPlan['expect']
}

/** The name of the server whose figures the others are held against. */
export const subject = 'Latchkey'

/** The name of the floor. */
export const floor = 'bare node:http, same bytes'
