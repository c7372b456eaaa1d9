// What is told of answers that the framework has not given: to the metrics and to the log, as its hooks tell of the others.
import type { Logger } from 'pino'
import { requestHost } from '../gateway/target.ts'
import type { Metrics } from './metrics.ts'
import { createRequestLog } from './request-log.ts'
import type { RequestHead } from './short-way.ts'

interface Told {
  id: string
  status: number
  milliseconds: number
  /** Whether the answer is an upstream's, whose faults are not Latchkey's. */
  relayed?: boolean
}

export type Tell = (route: string, request: Pick<RequestHead, 'method' | 'url' | 'rawHeaders'>, told: Told) => void

/** `requests`: which ones have a line of log. */
export const createTell = (metrics: Metrics, log: Logger, requests: 'all' | 'refused' | 'none'): Tell => {
  const logRequest = createRequestLog(log, requests)
  return (route, { method = '', url: target = '', rawHeaders }, { id, status, milliseconds, relayed = false }) => {
    metrics.observeRequest(route, method, status, milliseconds / 1000)
    if (status === 503 && !relayed) metrics.storeFault()
    if (requests === 'all' || status >= 400)
      logRequest({ id, method, host: requestHost(rawHeaders), target, status, milliseconds })
  }
}
