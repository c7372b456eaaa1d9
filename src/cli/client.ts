// A client of the management API, on the store in this process or at a server's URL; commands never know which.
import { type Code, Refusal, catalogue } from '../errors.ts'
import type { Document } from './output.ts'

export interface ManagementClient {
  /** `path` is relative to `/api/v1`. Throws Refusal where the request is turned away, Fault where it fails. */
  request(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<Document>
  close(): Promise<void>
}

/** A path in which every value is one segment: path`/users/${id}/link`. */
export const path = (parts: TemplateStringsArray, ...values: string[]): string => {
  for (const value of values)
    if (['', '.', '..'].includes(value)) throw new Refusal('not_found', `There is nothing with the id "${value}".`)
  return String.raw(parts, ...values.map(encodeURIComponent))
}

/** A request that failed by nobody's choice; the request id finds it in the server's log. */
export class Fault extends Error {
  readonly requestId: string | undefined

  constructor(message: string, requestId?: string) {
    super(message)
    this.name = 'Fault'
    this.requestId = requestId
  }
}

const asDocument = (text: string): Document | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Document) : undefined
  } catch {
    return undefined
  }
}

/** The body of an answer with a 2xx status; every other answer as the exception that it stands for. */
export const readAnswer = (status: number, text: string): Document => {
  const document = asDocument(text)
  if (status >= 200 && status < 300 && document) return document
  const code = document?.code as Code | undefined
  const detail = typeof document?.detail === 'string' ? document.detail : undefined
  if (code !== undefined && Object.hasOwn(catalogue, code) && status < 500) throw new Refusal(code, detail)
  const requestId = typeof document?.request_id === 'string' ? document.request_id : undefined
  throw new Fault(
    detail ?? `The answer is not one of a Latchkey's management API (status ${status}). Check the URL.`,
    requestId,
  )
}

/** `url`: a server's origin; undefined: the store of this folder's configuration. */
export const openClient = async (url: string | undefined): Promise<ManagementClient> => {
  if (url === undefined) return (await import('./local-client.ts')).openLocalClient()
  return (await import('./remote-client.ts')).openRemoteClient(url)
}
