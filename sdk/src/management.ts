// @latchkey/sdk/management: every operation of Latchkey's management API, typed from the server's own description of them.
import { type Fetch, baseUrl } from './connection.ts'
import { type ErrorCode, type ListOperation, type Operations, operations } from './management/generated.ts'
import type { MaybePromise } from './maybe-promise.ts'

export type { ErrorCode, ListOperation, Operations }

export interface ManagementOptions {
  /** Where Latchkey answers, such as `https://auth.example.com`. */
  readonly url: string
  /** A personal access token, a key with `manage:…` scopes, or what gets a fresh OAuth access token. */
  readonly key: string | (() => MaybePromise<string>)
  /** Milliseconds that an answer may take. Default 10,000. */
  readonly timeoutMs?: number
  readonly fetch?: Fetch
}

export interface CallOptions {
  readonly signal?: AbortSignal
}

/** Latchkey refused, or could not be reached (`status` 0). It holds no credential. */
export class LatchkeyError extends Error {
  /** HTTP status; 0: there was no answer. */
  readonly status: number
  readonly code: ErrorCode | 'unreachable' | 'unexpected_answer'
  /** Finds the request in Latchkey's log. */
  readonly requestId: string | undefined
  /** Seconds that it asks to wait. */
  readonly retryAfterSeconds: number | undefined

  constructor(
    message: string,
    {
      status,
      code,
      requestId,
      retryAfterSeconds,
      cause,
    }: Pick<LatchkeyError, 'status' | 'code'> & {
      requestId?: string | undefined
      retryAfterSeconds?: number | undefined
      cause?: unknown
    },
  ) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'LatchkeyError'
    this.status = status
    this.code = code
    this.requestId = requestId
    this.retryAfterSeconds = retryAfterSeconds
  }
}

type Arguments<Name extends keyof Operations> = Operations[Name]['parameters'] &
  (undefined extends Operations[Name]['body'] ? unknown : { body: Operations[Name]['body'] })

/** Arguments that may be left out where none of them is required. */
type ArgumentList<Name extends keyof Operations> =
  Partial<Arguments<Name>> extends Arguments<Name>
    ? [args?: Arguments<Name>, options?: CallOptions]
    : [args: Arguments<Name>, options?: CallOptions]

type ItemOf<Name extends ListOperation> = Operations[Name]['answer']['data'][number]

/** One function for each operation: parameters of path and query by their names, the body as `body`. */
export type ManagementClient = {
  readonly [Name in keyof Operations]: (...given: ArgumentList<Name>) => Promise<Operations[Name]['answer']>
} & {
  /** Entries of all pages, one after the other. */
  readonly each: {
    readonly [Name in ListOperation]: (...given: ArgumentList<Name>) => AsyncGenerator<ItemOf<Name>, void, undefined>
  }
}

type Args = Record<string, unknown> & { body?: unknown }

/** Path and query with the parameters put in. Throws TypeError where the path lacks one. */
const targetOf = (path: string, args: Args): string => {
  const left = new Map(Object.entries(args).filter(([name, value]) => name !== 'body' && value !== undefined))
  const filled = path.replaceAll(/\{(\w+)\}/g, (_place, name: string) => {
    const value = left.get(name)
    // an empty segment would lead to another operation
    if (typeof value !== 'string' || value === '' || value === '.' || value === '..')
      throw new TypeError(`${name} is missing.`)
    left.delete(name)
    return encodeURIComponent(value)
  })
  const query = new URLSearchParams([...left].map(([name, value]) => [name, String(value)])).toString()
  return query === '' ? filled : `${filled}?${query}`
}

const told = (text: string): { message?: string; code?: ErrorCode; request_id?: string } => {
  try {
    const { detail, message, code, request_id } = JSON.parse(text) as Record<string, unknown>
    const words = detail ?? message
    return {
      ...(typeof words === 'string' && { message: words }),
      ...(typeof code === 'string' && { code: code as ErrorCode }),
      ...(typeof request_id === 'string' && { request_id }),
    }
  } catch {
    return {}
  }
}

const refusal = async (response: Response): Promise<LatchkeyError> => {
  const { status, headers } = response
  const {
    message = `Latchkey answered ${status}.`,
    code = 'unexpected_answer',
    request_id,
  } = told(await response.text())
  const wait = Number(headers.get('retry-after'))
  return new LatchkeyError(message, {
    status,
    code,
    requestId: request_id ?? headers.get('x-request-id') ?? undefined,
    retryAfterSeconds: wait > 0 ? wait : undefined,
  })
}

/** Throws TypeError for options that cannot be meant; nothing is connected to before the first call. Calls reject with LatchkeyError. */
export const createManagementClient = (options: ManagementOptions): ManagementClient => {
  const { key, timeoutMs = 10_000, fetch: own = (input, init) => fetch(input, init) } = options
  const url = baseUrl(options.url)

  const call = async (
    [method, path, kind]: readonly [string, string, 'json' | 'list' | 'raw'],
    args: Args = {},
    { signal }: CallOptions = {},
  ): Promise<unknown> => {
    const target = targetOf(path, args)
    const deadline = AbortSignal.timeout(timeoutMs)
    const { body } = args
    let response: Response
    try {
      response = await own(url + target, {
        method,
        headers: {
          authorization: `Bearer ${typeof key === 'function' ? await key() : key}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        redirect: 'manual',
        // what streams may take longer than its first byte
        signal: kind === 'raw' ? (signal ?? null) : signal ? AbortSignal.any([signal, deadline]) : deadline,
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
    } catch (cause) {
      signal?.throwIfAborted()
      throw new LatchkeyError('Latchkey could not be reached.', { status: 0, code: 'unreachable', cause })
    }
    if (!response.ok) throw await refusal(response)
    if (kind === 'raw') return response
    return response.json().catch((cause: unknown) => {
      throw new LatchkeyError('Latchkey’s answer cannot be read.', {
        status: response.status,
        code: 'unexpected_answer',
        cause,
      })
    })
  }

  async function* each(route: (typeof operations)[ListOperation], args: Args = {}, how?: CallOptions) {
    for (let cursor = args.cursor; ;) {
      const page = (await call(route, { ...args, cursor }, how)) as {
        data: readonly unknown[]
        next_cursor: string | null
      }
      yield* page.data
      if (page.next_cursor === null) return
      cursor = page.next_cursor
    }
  }

  const routes = Object.entries(operations)
  const calls = routes.map(([name, route]) => [name, (args?: Args, how?: CallOptions) => call(route, args, how)])
  const lists = routes
    .filter(([, [, , kind]]) => kind === 'list')
    .map(([name, route]) => [name, (args?: Args, how?: CallOptions) => each(route as never, args, how)])
  return { ...Object.fromEntries(calls), each: Object.fromEntries(lists) } as ManagementClient
}
