// From a presented string to what it stands for: the stored credential or client behind it, and a token's own claims.
import { type Parsed, maxOwnLength, parseCredential } from '../credentials/format.ts'
import type { RecentHashes } from '../credentials/recent-hashes.ts'
import { legacyHash } from '../credentials/legacy-format.ts'
import type { Api } from '../config/config.ts'
import type { SecretBox } from '../secret-box.ts'
import { type MaybePromise, allOf, andThen } from '../store/maybe-promise.ts'
import type { ClientRecord, CredentialRecord, GrantRecord, Lookups } from '../store/store.ts'
import type { AccessClaims } from '../tokens/claims.ts'
import { type TokenReader, type TokenReading, looksLikeToken } from '../tokens/read-token.ts'
import type { Attribution, Check } from './decision.ts'

export type Origin =
  | { kind: 'api_key' | 'personal_access_token' | 'legacy_token'; credential: CredentialRecord }
  | { kind: 'jwt' | 'cwt'; credential: CredentialRecord; claims: AccessClaims }
  | { kind: 'oauth_token'; client: ClientRecord; claims: AccessClaims; grant: GrantRecord | undefined }

export type Found = { origin: Origin } | { check: Check; detail: string; expired?: boolean; of?: Attribution }

export interface Sources {
  lookups: Lookups
  tokens: TokenReader
  box: SecretBox
  /** Prefixes of API keys, present and former. */
  keyPrefixes: readonly string[]
  hashes: RecentHashes
}

/** Of a token that is genuine, whatever has become of what it was made from. */
const claimed = (claims: AccessClaims): Attribution => {
  const { format, keyId, clientId, grantId, subject } = claims
  const person = grantId === undefined && keyId === undefined ? '' : subject
  return {
    ownerId: claims.organizationId ?? person,
    kind: format === 'cwt' ? 'cwt' : keyId === undefined ? 'oauth_token' : 'jwt',
    credentialId: keyId ?? clientId ?? '',
    environment: claims.environment ?? '',
  }
}

/** Of a token that is genuine and good as far as itself goes. */
const ofGenuine = (
  { lookups }: Sources,
  { claims, kind }: Extract<TokenReading, { ok: true }>,
): MaybePromise<Found> => {
  // asked together: on Postgres they travel in one round trip
  const asked = allOf<[boolean, ClientRecord | undefined, GrantRecord | undefined, CredentialRecord | undefined]>([
    lookups.isTokenRevoked(claims.id),
    kind === 'oauth_token' && claims.clientId !== undefined ? lookups.clientById(claims.clientId) : undefined,
    kind === 'oauth_token' && claims.grantId !== undefined ? lookups.grantById(claims.grantId) : undefined,
    kind !== 'oauth_token' && claims.keyId !== undefined ? lookups.credentialById(claims.keyId) : undefined,
  ])
  return andThen(asked, ([revoked, client, grant, credential]): Found => {
    const ended = (detail: string): Found => ({ check: 'status', detail, of: claimed(claims) })
    if (revoked) return ended('The token itself has been revoked.')
    if (kind === 'oauth_token')
      return client ? { origin: { kind, client, claims, grant } } : ended('The client of this token has been deleted.')
    return credential
      ? { origin: { kind, credential, claims } }
      : ended('The key that this token was made from has been deleted.')
  })
}

const ofToken = (sources: Sources, value: string, api: Api, now: number): MaybePromise<Found> =>
  andThen(sources.tokens.read(value, api, now), (read) => {
    if (read.ok) return ofGenuine(sources, read)
    const check: Check = read.reason === 'expired' ? 'expiry' : read.reason === 'malformed' ? 'format' : 'signature'
    return {
      check,
      detail: `The token is refused: ${read.reason.replaceAll('_', ' ')}.`,
      expired: read.reason === 'expired',
      ...(read.expired && { of: claimed(read.expired) }),
    }
  })

const ofOwnForm = ({ lookups }: Sources, hash: string, { kind }: Parsed): MaybePromise<Found> =>
  andThen(lookups.credentialByHash(hash), (credential) =>
    credential?.kind === kind
      ? { origin: { kind, credential } }
      : { check: 'look-up', detail: 'Form and checksum are right, but there is no such credential here.' },
  )

const orLegacy = ({ lookups, box }: Sources, hash: string, found: Found): MaybePromise<Found> =>
  'origin' in found
    ? found
    : andThen(lookups.credentialByHash(legacyHash(box, hash)), (credential) =>
        credential?.kind === 'legacy_token' ? { origin: { kind: 'legacy_token', credential } } : found,
      )

const ofNoForm: Found = {
  check: 'format',
  detail:
    'This has the form of no credential made here, or its checksum is wrong: check for a typo, a cut end or a swapped environment.',
}

/** Finds what `value` stands for. An API that accepts legacy tokens also finds those that look like a credential of another kind. */
export const findOrigin = (sources: Sources, value: string, api: Api, now: number): MaybePromise<Found> => {
  const mayBeOwn = value.length <= maxOwnLength
  const legacy = api.profile.accepts.includes('legacy_token')
  const hash = mayBeOwn || legacy ? sources.hashes.of(value) : ''
  // what was found by its hash before has the right form and checksum: they need not be looked at again
  const kept = mayBeOwn ? sources.lookups.keptByHash(hash) : undefined
  if (kept !== undefined && kept.kind !== 'legacy_token') {
    sources.hashes.keep(value, hash)
    return { origin: { kind: kept.kind, credential: kept } }
  }
  const parsed = parseCredential(value, sources.keyPrefixes)
  let found: MaybePromise<Found> = ofNoForm
  if (parsed) found = ofOwnForm(sources, hash, parsed)
  else if (looksLikeToken(value)) found = ofToken(sources, value, api, now)
  return legacy ? andThen(found, (first) => orLegacy(sources, hash, first)) : found
}
