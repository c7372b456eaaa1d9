// The one mint: every access token is made here (RFC 9068, RFC 8392, RFC 8693 §2.2.1).
import { newId } from '../uuid.ts'
import type { Api } from '../config/config.ts'
import type { Tier } from '../store/schema.ts'
import { algorithms } from './algorithms.ts'
import { type AccessClaims, toCwtClaims, toMembers } from './claims.ts'
import { signCwt } from './cwt.ts'
import { signJwt } from './jwt.ts'
import { maxLifetimeSeconds, type SigningKeys } from './signing-keys.ts'
import type { StatusEntry, StatusIndexes } from './status-indexes.ts'

/** The most that a token made from a key may live. */
export const maxExchangedSeconds = 300

export interface AccessTokenFacts {
  /** The client's id (client credentials) or the user's. */
  subject: string
  clientId: string
  scopes: readonly string[]
  organizationId?: string | undefined
  environment: string
  /** Of what a person allowed. */
  grantId?: string | undefined
  /** Of the DPoP key that it is bound to. */
  thumbprint?: string | undefined
  /** 1 to 86,400; default that of the API's profile. */
  lifetimeSeconds?: number | undefined
}

export interface ExchangedTokenFacts {
  /** The key or personal access token that was given in. */
  keyId: string
  /** The key's id, or the user's of a personal access token. */
  subject: string
  organizationId?: string | undefined
  tier?: Tier | undefined
  environment: string
  /** undefined: what the key may do. */
  scopes?: readonly string[] | undefined
  /** Of the DPoP key that it is bound to: of a JWT. */
  thumbprint?: string | undefined
  /** 1 to 300. */
  lifetimeSeconds: number
}

export interface MintedToken {
  token: string
  /** The `jti` or `cti`, UUIDv7. */
  id: string
  /** Seconds. */
  expiresIn: number
  /** Unix seconds. */
  issuedAt: number
}

type Facts = Omit<AccessClaims, 'format' | 'issuer' | 'audience' | 'expiresAt' | 'issuedAt' | 'id'>

export class Mint {
  readonly #keys: SigningKeys
  readonly #statuses: StatusIndexes
  readonly #issuer: string
  readonly #now: () => number

  /** `now` in Unix milliseconds. */
  constructor(keys: SigningKeys, statuses: StatusIndexes, issuer: string, now: () => number) {
    this.#keys = keys
    this.#statuses = statuses
    this.#issuer = issuer
    this.#now = now
  }

  /** An access token for `api`, in the form of its profile. */
  async accessToken(
    api: Api,
    { lifetimeSeconds = api.profile.token.lifetimeSeconds, ...facts }: AccessTokenFacts,
  ): Promise<MintedToken> {
    return this.#jwt(api, await this.#claims('jwt', api, facts, lifetimeSeconds, maxLifetimeSeconds))
  }

  /** A short-lived token in place of a key. RFC 9068 wants a client in a JWT: it is the key. */
  async exchanged(
    api: Api,
    format: 'jwt' | 'cwt',
    { lifetimeSeconds, ...facts }: ExchangedTokenFacts,
  ): Promise<MintedToken> {
    if (format === 'jwt')
      return this.#jwt(
        api,
        await this.#claims('jwt', api, { ...facts, clientId: facts.keyId }, lifetimeSeconds, maxExchangedSeconds),
      )
    const claims = await this.#claims('cwt', api, facts, lifetimeSeconds, maxExchangedSeconds)
    return minted(signCwt(toCwtClaims(claims), await this.#keys.signer('EdDSA')), claims)
  }

  async #jwt(api: Api, claims: AccessClaims): Promise<MintedToken> {
    const { algorithm, type } = api.profile.token
    const { id, key } = await this.#keys.signer(algorithm, api.name)
    return minted(
      signJwt(
        { alg: algorithm, typ: type, ...(!algorithms[algorithm].symmetric && { kid: id }) },
        toMembers(claims),
        key,
      ),
      claims,
    )
  }

  async #claims(
    format: 'jwt' | 'cwt',
    api: Api,
    facts: Facts,
    lifetimeSeconds: number,
    most: number,
  ): Promise<AccessClaims> {
    if (!Number.isInteger(lifetimeSeconds) || lifetimeSeconds < 1 || lifetimeSeconds > most)
      throw new RangeError(`A lifetime of ${lifetimeSeconds} seconds is not within 1 to ${most}.`)
    const issuedAt = Math.floor(this.#now() / 1000)
    const claims: AccessClaims = {
      ...facts,
      format,
      issuer: this.#issuer,
      audience: [api.audience],
      issuedAt,
      expiresAt: issuedAt + lifetimeSeconds,
      id: newId(),
    }
    return api.statusList ? { ...claims, status: await this.#statuses.allot(entryOf(claims)) } : claims
  }
}

/** What has to be known of the token when its status is asked for. */
const entryOf = ({ id, expiresAt, organizationId, keyId, grantId, clientId }: AccessClaims): StatusEntry => {
  const shared = { tokenId: id, expiresAt, organizationId }
  if (keyId !== undefined) return { ...shared, origin: { kind: 'credential', id: keyId } }
  if (grantId !== undefined) return { ...shared, origin: { kind: 'grant', id: grantId } }
  return { ...shared, origin: { kind: 'client', id: clientId as string } }
}

const minted = (token: string, { id, issuedAt, expiresAt }: AccessClaims): MintedToken => ({
  token,
  id,
  issuedAt,
  expiresIn: expiresAt - issuedAt,
})
