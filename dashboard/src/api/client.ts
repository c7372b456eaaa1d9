// The one way to the server: the management API, with this browser's session. Errors are ApiError, with words to show and an id to find them in the log.

export class ApiError extends Error {
  /** HTTP status; 0: no answer came. */
  readonly status: number
  /** A code of docs/errors.md, or `offline`. */
  readonly code: string
  readonly requestId: string | undefined

  constructor(status: number, code: string, message: string, requestId: string | undefined) {
    super(message)
    this.name = 'ApiError'
    this.status = status
    this.code = code
    this.requestId = requestId
  }
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** Query parameters; undefined and '' are left out, lists are repeated. */
export type Query = Record<string, string | number | boolean | readonly string[] | undefined>

interface Asking {
  query?: Query | undefined
  body?: unknown
  signal?: AbortSignal | undefined
}

/** The path under /api/v1 with its query. */
const pathWith = (path: string, query: Query = {}): string => {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query))
    for (const one of Array.isArray(value) ? (value as string[]) : [value])
      if (one !== undefined && one !== '') search.append(name, String(one))
  const text = search.toString()
  return text === '' ? path : `${path}?${text}`
}

/** Leads to the sign-in and, after it, back to where one is. Never resolves: the page is left. */
const signIn = (): Promise<never> => {
  const { pathname, search } = window.location
  window.location.assign(`/login?return_to=${encodeURIComponent(pathname + search)}`)
  return new Promise(() => {})
}

/** Asks the person to prove who they are; false: they would rather not. */
type ProveAgain = () => Promise<boolean>

let proveAgain: ProveAgain | undefined

/** The dialog that asks for the proof; set once, by the page's frame. */
export const setProveAgain = (ask: ProveAgain): void => {
  proveAgain = ask
}

/** Sessions getting another value at this moment, and how often that has happened. */
const renewal = { running: 0, count: 0, done: Promise.resolve() as Promise<unknown> }

/** Marks a request whose answer gives the session another value: what is sent meanwhile may still come with the former one. */
export const renewing = async <T>(request: Promise<T>): Promise<T> => {
  renewal.running += 1
  renewal.count += 1
  renewal.done = request.catch(() => undefined)
  try {
    return await request
  } finally {
    renewal.running -= 1
    renewal.count += 1
  }
}

const sendOnce = async (method: Method, path: string, { query, body, signal }: Asking): Promise<Response> => {
  try {
    return await fetch(`/api/v1${pathWith(path, query)}`, {
      method,
      headers: {
        'x-latchkey-dashboard': '1',
        accept: 'application/json',
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
      credentials: 'same-origin',
    })
  } catch (error) {
    if (signal?.aborted) throw error
    throw new ApiError(
      0,
      'offline',
      'The server could not be reached. Check your connection, then try again.',
      undefined,
    )
  }
}

const send = async (method: Method, path: string, asking: Asking): Promise<Response> => {
  const { running, count } = renewal
  const response = await sendOnce(method, path, asking)
  if (response.status !== 401 || (running === 0 && count === renewal.count)) return response
  await renewal.done
  return sendOnce(method, path, asking)
}

const failure = async (response: Response): Promise<ApiError> => {
  const requestId = response.headers.get('x-request-id') ?? undefined
  const told = (await response.json().catch(() => ({}))) as { code?: string; detail?: string; title?: string }
  const message = told.detail ?? told.title ?? `The server answered ${response.status}.`
  return new ApiError(response.status, told.code ?? 'internal_error', message, requestId)
}

/** A request whose answer is no JSON, such as an export. */
export const ask = async (method: Method, path: string, asking: Asking = {}): Promise<Response> => {
  const response = await send(method, path, asking)
  if (response.ok) return response
  if (response.status === 401) return signIn()
  const error = await failure(response)
  // proven again, the same request is made once more
  if (error.code === 'reauthentication_required' && proveAgain && (await proveAgain())) {
    const again = await send(method, path, asking)
    if (again.ok) return again
    throw await failure(again)
  }
  throw error
}

const json = async <T>(method: Method, path: string, asking?: Asking): Promise<T> => {
  const response = await ask(method, path, asking)
  return (response.status === 204 ? undefined : await response.json()) as T
}

/** Paths are relative to /api/v1: `api.get<Page<Member>>('/organizations/…/members', { q })`. */
export const api = {
  get: <T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> => json<T>('GET', path, { query, signal }),
  post: <T>(path: string, body?: unknown): Promise<T> => json<T>('POST', path, { body }),
  put: <T>(path: string, body?: unknown): Promise<T> => json<T>('PUT', path, { body }),
  patch: <T>(path: string, body: unknown): Promise<T> => json<T>('PATCH', path, { body }),
  delete: <T>(path: string, query?: Query): Promise<T> => json<T>('DELETE', path, { query }),
}
