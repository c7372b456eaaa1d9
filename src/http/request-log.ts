// One line of log for a request, without its query and without what may be a secret in its path.
import type { Logger } from 'pino'

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

const id = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const maybeSecret = /^(?:(?=[^\d]*\d).{20,}|.{40,})$/s

/** Without the query, and without what may be a credential that somebody put into the path; ids stay. */
const loggedPath = (target: string): string =>
  (target.split('?', 1)[0] ?? '')
    .split('/')
    .map((segment) => (maybeSecret.test(segment) && !id.test(segment) ? '…' : segment))
    .join('/')
    .slice(0, 500)

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
        path: loggedPath(target),
        status,
        ms: Math.round(milliseconds * 10) / 10,
      },
      'request',
    )
  }
