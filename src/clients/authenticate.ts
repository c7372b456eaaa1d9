// RFC 6749 §2.3: which client calls, and whether it proves so. Decided here alone, for every OAuth endpoint.
import { timingSafeEqual } from 'node:crypto'
import { hashOf } from '../credentials/format.ts'
import type { ClientRecord } from '../store/store.ts'
import { decodeFormComponent } from './form-encoding.ts'
import { type ResolveDeps, resolveClient } from './resolve.ts'

/** The most secrets that a client has at once: two, while one replaces the other. */
const maxSecrets = 2

/** Parameters of a request that may speak for a client; an endpoint passes them all on. */
export const clientParameters = ['client_id', 'client_secret', 'client_assertion_type', 'client_assertion'] as const

/** What of a request speaks for a client. */
export interface ClientRequest {
  /** Every one, as it came. */
  authorizationHeaders: readonly string[]
  /** Those in `clientParameters`, among others. */
  parameters: ReadonlyMap<string, string>
}

interface Presented {
  clientId: string
  /** undefined where the method has none. */
  secret: string | undefined
}

interface Method {
  name: 'client_secret_basic' | 'client_secret_post' | 'none'
  /** What the request presents by this method; undefined: it is not used. */
  presented(request: ClientRequest): Presented | 'malformed' | undefined
  /** Whether that proves the client. An unknown client costs as much as a wrong secret. */
  proves(client: ClientRecord | undefined, presented: Presented, now: number): boolean
}

export type ClientAuthentication =
  | { outcome: 'authenticated'; client: ClientRecord; method: Method['name'] }
  /** The request speaks for no client. */
  | { outcome: 'absent' }
  /** `challenge`: the client used the Authorization header, so that the answer names the scheme (RFC 6749 §5.2). `detail` is for the log. */
  | { outcome: 'failed'; detail: string; challenge: boolean }
  /** Two methods, or two clients, in one request. `detail` may be told. */
  | { outcome: 'ambiguous'; detail: string }

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** RFC 7617 §2 with both parts form-encoded (RFC 6749 §2.3.1). */
const parseBasic = (header: string): Presented | 'malformed' => {
  const encoded = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(header)?.[1]
  const bytes = Buffer.from(encoded ?? '', 'base64')
  if (encoded === undefined || bytes.toString('base64') !== encoded) return 'malformed' // Node passes over what is not base64
  let text: string
  try {
    text = utf8.decode(bytes)
  } catch {
    return 'malformed'
  }
  const colon = text.indexOf(':')
  const clientId = colon === -1 ? undefined : decodeFormComponent(text.slice(0, colon))
  const secret = decodeFormComponent(text.slice(colon + 1))
  return clientId === undefined || clientId === '' || secret === undefined ? 'malformed' : { clientId, secret }
}

const noSecret = '0'.repeat(64)

/** Compares with as many hashes whoever the client is, each in constant time. */
const hasSecret = (client: ClientRecord | undefined, { secret = '' }: Presented, now: number): boolean => {
  const presented = Buffer.from(hashOf(secret))
  let matched = false
  for (let slot = 0; slot < maxSecrets; slot++) {
    const kept = client?.secrets[slot]
    const equal = timingSafeEqual(presented, Buffer.from(kept?.hash ?? noSecret))
    if (equal && kept !== undefined && (kept.expiresAt === null || kept.expiresAt > now)) matched = true
  }
  return matched
}

/** Every method, in one place; metadata lists their names. */
const methods: readonly Method[] = [
  {
    name: 'client_secret_basic',
    presented: ({ authorizationHeaders: [header] }) => (header === undefined ? undefined : parseBasic(header)),
    proves: hasSecret,
  },
  {
    name: 'client_secret_post',
    presented({ parameters }) {
      const [clientId, secret] = [parameters.get('client_id'), parameters.get('client_secret')]
      if (secret === undefined) return undefined
      return clientId === undefined ? 'malformed' : { clientId, secret }
    },
    proves: hasSecret,
  },
  {
    name: 'none',
    presented({ authorizationHeaders, parameters }) {
      const clientId = parameters.get('client_id')
      return clientId === undefined || authorizationHeaders.length > 0 || parameters.has('client_secret')
        ? undefined
        : { clientId, secret: undefined }
    },
    proves: (client) => client?.public === true,
  },
]

export const authenticationMethods: readonly string[] = methods.map(({ name }) => name)

/**
 * Authenticates the client of a request. Everything that is wrong with the proof comes out as `failed`,
 * and is answered alike: unknown client, wrong or ended secret, malformed header, suspended organization.
 */
export const authenticateClient = async (deps: ResolveDeps, request: ClientRequest): Promise<ClientAuthentication> => {
  if (request.authorizationHeaders.length > 1)
    return { outcome: 'ambiguous', detail: 'The Authorization header is repeated.' }
  const [used, second] = methods.flatMap((method) => {
    const presented = method.presented(request)
    return presented === undefined ? [] : [{ method, presented }]
  })
  if (second)
    return {
      outcome: 'ambiguous',
      detail: 'Use one way of client authentication: the Authorization header, or client_secret in the body.',
    }
  if (!used) return { outcome: 'absent' }
  const { method, presented } = used
  const failed = (detail: string): ClientAuthentication => ({
    outcome: 'failed',
    detail,
    challenge: request.authorizationHeaders.length > 0,
  })
  if (presented === 'malformed') return failed(`${method.name} is malformed`)
  if ((request.parameters.get('client_id') ?? presented.clientId) !== presented.clientId)
    return { outcome: 'ambiguous', detail: 'The client_id in the body is not the one in the Authorization header.' }
  const client = await resolveClient(deps, presented.clientId)
  const proven = method.proves(client, presented, deps.now())
  if (client === undefined) return failed('unknown client')
  if (!proven) return failed(`client ${client.id} failed at ${method.name}`)
  if (client.organization?.suspended) return failed(`the organization of client ${client.id} is suspended`)
  return { outcome: 'authenticated', client, method: method.name }
}
