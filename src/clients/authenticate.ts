// RFC 6749 §2.3: which client calls, and whether it proves so. Decided here alone, for every OAuth endpoint.
import { isAscii } from 'node:buffer'
import { timingSafeEqual } from 'node:crypto'
import type { Config } from '../config/config.ts'
import { hashOf } from '../credentials/format.ts'
import { type MaybePromise, andThen } from '../store/maybe-promise.ts'
import type { ClientRecord } from '../store/store.ts'
import { assertionFlaw, readAssertion } from './assertion.ts'
import { decodeFormComponent } from './form-encoding.ts'
import type { KeySets } from './key-sets.ts'
import { type ResolveDeps, resolveClient } from './resolve.ts'

/** The most secrets that a client has at once: two, while one replaces the other. */
const maxSecrets = 2

/** Parameters of a request that may speak for a client; an endpoint passes them all on. */
export const clientParameters = ['client_id', 'client_secret', 'client_assertion_type', 'client_assertion'] as const

export interface AuthenticateDeps extends ResolveDeps {
  config: Pick<Config, 'issuer'>
  keySets: KeySets
}

/** What of a request speaks for a client. */
export interface ClientRequest {
  /** Every one, as it came. */
  authorizationHeaders: readonly string[]
  /** Those in `clientParameters`, among others. */
  parameters: ReadonlyMap<string, string>
}

/** What a request presents by one method. */
interface Proof {
  clientId: string
  /** What is wrong with it, for the log; undefined: it proves the client. Of secrets, an unknown client costs as much as a wrong one. */
  flaw: (deps: AuthenticateDeps, client: ClientRecord | undefined) => MaybePromise<string | undefined>
}

interface Method {
  name: 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt' | 'none'
  /** undefined: the request does not use this method. */
  proof(request: ClientRequest): Proof | 'malformed' | undefined
}

export type ClientAuthentication =
  | { outcome: 'authenticated'; client: ClientRecord; method: Method['name'] }
  /** The request speaks for no client. */
  | { outcome: 'absent' }
  /** `challenge`: the client used the Authorization header, so that the answer names the scheme (RFC 6749 §5.2). `detail` is for the log. */
  | { outcome: 'failed'; detail: string; challenge: boolean }
  /** Two methods, or two clients, in one request. `detail` may be told. */
  | { outcome: 'ambiguous'; detail: string }

const noSecret = '0'.repeat(64)

/** Compares with as many hashes whoever the client is, each in constant time. */
const bySecret = (clientId: string, secret: string): Proof => ({
  clientId,
  flaw({ now }, client) {
    const presented = Buffer.from(hashOf(secret))
    let matched = false
    for (let slot = 0; slot < maxSecrets; slot++) {
      const kept = client?.secrets[slot]
      const equal = timingSafeEqual(presented, Buffer.from(kept?.hash ?? noSecret))
      if (equal && kept !== undefined && (kept.expiresAt === null || kept.expiresAt > now())) matched = true
    }
    return matched ? undefined : 'the secret is not its own, or has ended'
  },
})

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** RFC 7617 §2 with both parts form-encoded (RFC 6749 §2.3.1). */
const parseBasic = (header: string): Proof | 'malformed' => {
  const encoded = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(header)?.[1]
  const bytes = Buffer.from(encoded ?? '', 'base64')
  if (encoded === undefined || bytes.toString('base64') !== encoded) return 'malformed' // Node passes over what is not base64
  let text: string
  try {
    text = isAscii(bytes) ? bytes.toString('latin1') : utf8.decode(bytes)
  } catch {
    return 'malformed'
  }
  const colon = text.indexOf(':')
  const clientId = colon === -1 ? undefined : decodeFormComponent(text.slice(0, colon))
  const secret = decodeFormComponent(text.slice(colon + 1))
  return clientId === undefined || clientId === '' || secret === undefined ? 'malformed' : bySecret(clientId, secret)
}

/** Every method, in one place; metadata lists their names. */
const methods: readonly Method[] = [
  {
    name: 'client_secret_basic',
    proof: ({ authorizationHeaders: [header] }) => (header === undefined ? undefined : parseBasic(header)),
  },
  {
    name: 'client_secret_post',
    proof({ parameters }) {
      const [clientId, secret] = [parameters.get('client_id'), parameters.get('client_secret')]
      if (secret === undefined) return undefined
      return clientId === undefined ? 'malformed' : bySecret(clientId, secret)
    },
  },
  {
    name: 'private_key_jwt',
    proof({ parameters }) {
      const assertion = readAssertion(parameters)
      if (assertion === undefined || assertion === 'malformed') return assertion
      return {
        clientId: assertion.clientId,
        flaw: (deps, client) => (client === undefined ? 'there is none' : assertionFlaw(deps, client, assertion)),
      }
    },
  },
  {
    name: 'none',
    proof({ authorizationHeaders, parameters }) {
      const clientId = parameters.get('client_id')
      const others = clientParameters.some((name) => name !== 'client_id' && parameters.has(name))
      if (clientId === undefined || authorizationHeaders.length > 0 || others) return undefined
      return {
        clientId,
        flaw: (_deps, client) => (client?.public === true ? undefined : 'it must prove itself'),
      }
    },
  },
]

export const authenticationMethods: readonly string[] = methods.map(({ name }) => name)

/**
 * Authenticates the client of a request. Everything that is wrong with the proof comes out as `failed`,
 * and is answered alike: unknown client, wrong or ended secret, assertion of another key or used before, malformed header, suspended organization.
 */
export const authenticateClient = (
  deps: AuthenticateDeps,
  request: ClientRequest,
): MaybePromise<ClientAuthentication> => {
  if (request.authorizationHeaders.length > 1)
    return { outcome: 'ambiguous', detail: 'The Authorization header is repeated.' }
  const [used, second] = methods.flatMap((method) => {
    const proof = method.proof(request)
    return proof === undefined ? [] : [{ method, proof }]
  })
  if (second)
    return {
      outcome: 'ambiguous',
      detail: 'Use one way of client authentication: the Authorization header, client_secret, or client_assertion.',
    }
  if (!used) return { outcome: 'absent' }
  const { method, proof } = used
  const failed = (detail: string): ClientAuthentication => ({
    outcome: 'failed',
    detail,
    challenge: request.authorizationHeaders.length > 0,
  })
  if (proof === 'malformed') return failed(`${method.name} is malformed`)
  const named = request.parameters.get('client_id') ?? proof.clientId
  if (named !== proof.clientId)
    return { outcome: 'ambiguous', detail: 'The client_id in the body is not the one that the request proves.' }
  return andThen(resolveClient(deps, proof.clientId), (client) =>
    andThen(proof.flaw(deps, client), (flaw): ClientAuthentication => {
      if (client === undefined) return failed('unknown client')
      if (flaw !== undefined) return failed(`client ${client.id} failed at ${method.name}: ${flaw}`)
      if (client.organization?.suspended) return failed(`the organization of client ${client.id} is suspended`)
      return { outcome: 'authenticated', client, method: method.name }
    }),
  )
}
