// OpenID Connect Core §3.1, Discovery §4, RFC 7636, RFC 9207: asks an issuer elsewhere who somebody is. Configured by an operator, and yet
// trusted with no more than that: every request to it is bounded in time and size, and none goes over a network in the clear.
import {
  ClientSecretBasic,
  ClientSecretPost,
  Configuration,
  type CustomFetch,
  None,
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  fetchUserInfo,
} from 'openid-client'
import { isThisMachine } from '../../config/base-url.ts'
import type { Config } from '../../config/config.ts'
import type { UpstreamIssuer } from '../../config/upstream.ts'
import { emailMistake, normalizeEmail } from '../email.ts'

const requestMs = 5_000
const maxBytes = 256 * 1024
/** What an issuer says of itself is asked again after an hour; after a failure not for some seconds. */
const freshMs = 60 * 60_000
const pauseMs = 10_000

/** What an issuer says of somebody. */
export interface UpstreamPerson {
  issuer: string
  subject: string
  /** In its one form; undefined: none that is one. */
  email: string | undefined
  /** Whether the issuer says that the address is theirs. */
  emailVerified: boolean
  name: string | undefined
  /** When they proved there who they are, Unix milliseconds; undefined: the issuer does not say. */
  authenticatedAt: number | undefined
}

/** What one flow is known by, kept in the browser alone. */
export interface FlowSecrets {
  state: string
  nonce: string
  verifier: string
}

const checkedUrl = (text: string | URL): URL => {
  const url = new URL(text)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isThisMachine(url.hostname)))
    throw new Error(`${url.origin} is not https`)
  return url
}

const readWhole = async (response: Response): Promise<Uint8Array<ArrayBuffer>> => {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.length
    if (length > maxBytes) throw new Error(`the answer is longer than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return new Uint8Array(Buffer.concat(chunks))
}

const boundedFetch: CustomFetch = async (url, options) => {
  const response = await fetch(checkedUrl(url), {
    ...(options as RequestInit),
    redirect: 'error', // it would lead past the check
    signal: AbortSignal.any([AbortSignal.timeout(requestMs), ...(options.signal ? [options.signal] : [])]),
  })
  const { status, statusText, headers } = response
  const body = await readWhole(response)
  // the body has been decoded
  const plain = new Headers(headers)
  for (const name of ['content-encoding', 'content-length']) plain.delete(name)
  return new Response(status === 204 || status === 304 ? null : body, { status, statusText, headers: plain })
}

const discover = async ({ issuer, clientId, clientSecret }: UpstreamIssuer): Promise<Configuration> => {
  const insecure = new URL(issuer).protocol === 'http:' ? [allowInsecureRequests] : []
  const found = await discovery(new URL(issuer), clientId, undefined, None(), {
    [customFetch]: boundedFetch,
    timeout: requestMs / 1000,
    execute: insecure,
  })
  const server = found.serverMetadata()
  checkedUrl(server.authorization_endpoint ?? '')
  const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic']
  const authentication =
    clientSecret === undefined
      ? None()
      : methods.includes('client_secret_basic')
        ? ClientSecretBasic(clientSecret)
        : ClientSecretPost(clientSecret)
  const configuration = new Configuration(server, clientId, undefined, authentication)
  configuration[customFetch] = boundedFetch
  configuration.timeout = requestMs / 1000
  for (const allow of insecure) allow(configuration)
  enableNonRepudiationChecks(configuration) // the signature too, not TLS alone
  return configuration
}

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value.trim() !== '' ? value : undefined

export class Issuer {
  readonly settings: UpstreamIssuer
  readonly #redirectUri: string
  readonly #now: () => number
  #known: { configuration: Promise<Configuration>; until: number } | undefined

  /** `ownIssuer`: this deployment's. `now`: Unix milliseconds. */
  constructor(settings: UpstreamIssuer, ownIssuer: string, now: () => number) {
    this.settings = settings
    this.#redirectUri = `${ownIssuer}/login/upstream/${settings.name}/callback`
    this.#now = now
  }

  /** Where the browser goes. `fresh`: the person shall prove who they are there, not merely be known. Throws where the issuer cannot be had. */
  async authorizationUrl({ state, nonce, verifier }: FlowSecrets, fresh: boolean): Promise<string> {
    const configuration = await this.#configuration()
    return buildAuthorizationUrl(configuration, {
      redirect_uri: this.#redirectUri,
      scope: this.settings.scopes.join(' '),
      state,
      nonce,
      code_challenge: await calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      ...(fresh && { prompt: 'login' }),
    }).href
  }

  /** Who has come back, by the query of the callback. Throws for whatever is not right, and where the issuer cannot be had. */
  async person(query: string, { state, nonce, verifier }: FlowSecrets): Promise<UpstreamPerson> {
    const configuration = await this.#configuration()
    const tokens = await authorizationCodeGrant(configuration, new URL(`${this.#redirectUri}?${query}`), {
      expectedState: state,
      expectedNonce: nonce,
      pkceCodeVerifier: verifier,
      idTokenExpected: true,
    })
    const claims = tokens.claims()
    if (!claims) throw new Error('there is no id_token')
    const { iss, sub } = claims
    if (sub.length > 255) throw new Error('the subject is longer than 255 characters')
    const asked = claims.email === undefined && configuration.serverMetadata().userinfo_endpoint !== undefined
    const more = asked ? await fetchUserInfo(configuration, tokens.access_token, sub) : undefined
    // both from one source, so that one's address is never taken with the other's word for it
    const source: Record<string, unknown> = more ?? claims
    const email = textOf(source.email)
    const known = email !== undefined && emailMistake(email) === undefined
    return {
      issuer: iss,
      subject: sub,
      email: known ? normalizeEmail(email) : undefined,
      emailVerified: known && (source.email_verified === true || source.email_verified === 'true'),
      name: textOf(source.name) ?? textOf(claims.name),
      authenticatedAt: claims.auth_time === undefined ? undefined : claims.auth_time * 1000,
    }
  }

  #configuration(): Promise<Configuration> {
    const now = this.#now()
    if (this.#known && this.#known.until > now) return this.#known.configuration
    const configuration = discover(this.settings)
    const known = { configuration, until: now + freshMs }
    this.#known = known
    configuration.catch(() => {
      known.until = now + pauseMs
    })
    return configuration
  }
}

/** Those that the configuration names, by name. */
export const issuersOf = (
  { signIn, issuer }: Pick<Config, 'signIn' | 'issuer'>,
  now: () => number,
): ReadonlyMap<string, Issuer> => new Map(signIn.upstream.map((one) => [one.name, new Issuer(one, issuer, now)]))
