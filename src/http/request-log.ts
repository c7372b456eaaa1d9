// One line of log for a request, without its query and without what may be a secret in its path.
import type { Logger } from 'pino'
import { shownPath } from '../shown-path.ts'

/** What is told of a request that has been answered. */
interface Answered {
  id: string
  method: string | undefined
  host: string | undefined
  /** As it was sent. */
  target: string
  status: number
  milliseconds: number
}

export type RequestLog = (answered: Answered) => void

/** Characters of a path. */
const maxPath = 500

/** `requests`: which ones have a line. */
export const createRequestLog =
  (log: Logger, requests: 'all' | 'refused' | 'none'): RequestLog =>
  ({ id: requestId, method, host, target, status, milliseconds }) => {
    if (requests === 'none' || (requests === 'refused' && status < 400)) return
    log[status >= 500 ? 'error' : 'info'](
      {
        request_id: requestId,
        method,
        host: host?.slice(0, 255),
        path: shownPath(target, maxPath),
        status,
        ms: Math.round(milliseconds * 10) / 10,
      },
      'request',
    )
  }
