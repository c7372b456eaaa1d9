// How Latchkey is reached: one POST or GET with the program's own key, within a time, and never sent twice.

/** What `fetch` there is, or your own: an agent, a proxy, a test. */
export type Fetch = (input: string, init: RequestInit) => Promise<Response>

export interface ConnectionOptions {
  /** Where Latchkey answers, such as `https://auth.example.com`. */
  readonly url: string
  /** A key of yours with the scope `verify`. */
  readonly key: string
  /** From the first byte that is sent to the last that has come, milliseconds. Default 2,000. */
  readonly timeoutMs?: number
  readonly fetch?: Fetch
  /** Told of what went wrong where no caller waits for it; never of a credential. */
  readonly onFault?: (fault: Error) => void
}

/** `sent`: whether the request may have reached the server, which may have acted on it. */
export type Reply =
  | { readonly response: Response; readonly text: string }
  | { readonly failed: string; readonly sent: boolean }

/** Fails before the request leaves: in Node's words and Bun's. Whatever else fails may have left. */
const unsent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'ConnectionRefused',
])

/** The codes of an error and of what caused it. */
const codesOf = (error: unknown, depth = 0): string[] => {
  if (typeof error !== 'object' || error === null || depth > 4) return []
  const { code, cause, errors } = error as { code?: unknown; cause?: unknown; errors?: unknown }
  return [
    ...(typeof code === 'string' ? [code] : []),
    ...codesOf(cause, depth + 1),
    ...(Array.isArray(errors) ? errors.flatMap((one) => codesOf(one, depth + 1)) : []),
  ]
}

const failureOf = (error: unknown): { failed: string; sent: boolean } => {
  const codes = codesOf(error)
  const name = error instanceof Error ? error.name : 'Error'
  const what = name === 'TimeoutError' ? 'it did not answer in time' : (codes[0] ?? name)
  return {
    failed: `Latchkey could not be reached: ${what}.`,
    sent: codes.length === 0 || !codes.every((code) => unsent.has(code)),
  }
}

/** The base address without a slash at its end. Throws TypeError for what is none. */
export const baseUrl = (text: string): string => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.search || url.hash || url.username || url.password)
    throw new TypeError('url must be an http(s) address without query and user, such as https://auth.example.com.')
  return url.href.replace(/\/$/, '')
}

const maxTimeoutMs = 60_000

export class Connection {
  readonly url: string
  readonly #authorization: string
  readonly #timeoutMs: number
  readonly #fetch: Fetch
  readonly #onFault: ((fault: Error) => void) | undefined

  /** Throws TypeError and RangeError for options that cannot be meant; the text holds no key. */
  constructor({ url, key, timeoutMs = 2_000, fetch: own, onFault }: ConnectionOptions) {
    this.url = baseUrl(url)
    if (typeof key !== 'string' || !/^[\x21-\x7e]{1,8192}$/.test(key))
      throw new TypeError('key must be a key of Latchkey with the scope verify; it is empty, or holds white space.')
    if (!(timeoutMs >= 1 && timeoutMs <= maxTimeoutMs))
      throw new RangeError(`timeoutMs must be from 1 to ${maxTimeoutMs}.`)
    this.#authorization = `Bearer ${key}`
    this.#timeoutMs = timeoutMs
    // looked up at each call, so that what replaces it later counts
    this.#fetch = own ?? ((input, init) => fetch(input, init))
    this.#onFault = onFault
  }

  fault(message: string, cause?: unknown): void {
    this.#onFault?.(new Error(message, cause === undefined ? undefined : { cause }))
  }

  /** Asks once, and once more where nothing had left. Never throws but for `signal`'s reason. */
  async call(method: 'GET' | 'POST', path: string, body?: string, signal?: AbortSignal): Promise<Reply> {
    const deadline = AbortSignal.timeout(this.#timeoutMs)
    const both = signal ? AbortSignal.any([signal, deadline]) : deadline
    for (let tries = 1; ; tries++) {
      try {
        const response = await this.open(method, path, both, body)
        return { response, text: await response.text() }
      } catch (error) {
        signal?.throwIfAborted()
        const failure = failureOf(error)
        if (failure.sent || tries === 2 || deadline.aborted) return failure
      }
    }
  }

  /** An answer whose body has not been read. Redirects are answers: the key goes to no other place. */
  open(
    method: 'GET' | 'POST',
    path: string,
    signal: AbortSignal,
    body?: string,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    return this.#fetch(this.url + path, {
      method,
      headers: {
        authorization: this.#authorization,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      redirect: 'manual',
      signal,
      ...(body !== undefined && { body }),
    })
  }
}

/** Seconds that the answer asks to wait, at most a minute; 1 where it does not say. */
const retryAfter = ({ headers }: Response): number => {
  const seconds = Number(headers.get('retry-after'))
  return Number.isFinite(seconds) && seconds >= 1 ? Math.min(60, Math.ceil(seconds)) : 1
}

/** Why an answer other than 200 says nothing of the credential that was asked about. */
export const refusedReply = ({
  response,
  text,
}: {
  response: Response
  text: string
}): { reason: string; retryAfterSeconds: number } => {
  let told = ''
  try {
    const { detail, message } = JSON.parse(text) as { detail?: unknown; message?: unknown }
    const words = detail ?? message
    if (typeof words === 'string') told = `: ${words.slice(0, 200)}`
  } catch {
    // not JSON: something in between has answered
  }
  const { status } = response
  const whose = status === 401 ? ' The verifier’s own key is not accepted.' : ''
  return { reason: `Latchkey answered ${status}${told}${whose}`, retryAfterSeconds: retryAfter(response) }
}
