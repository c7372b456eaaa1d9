// What records take in memory, bytes, so that caches can be bounded by it: the objects as V8 lays them out, their texts, and what is
// kept beside each as long as it is here (standing, principal, its JSON and header fields). Estimates, rather too much than too little.
import type { ClientRecord, CredentialRecord, GrantRecord } from './store.ts'

/** Of a record with its place in the cache 460, of what is made of it 1,100: measured by the heap's growth over 50,000 keys. */
const perCredential = 1_600
const perClient = 2_500
const perGrant = 1_500
const perToken = 350
/** A membership has an object and two places in maps. */
const perMembership = 300
/** A text's head, and a place in a list. */
const perText = 32

const text = (value: string | null): number => (value === null ? 0 : perText + value.length)
const list = (values: readonly string[] | null): number => values?.reduce((sum, value) => sum + text(value), 0) ?? 0

export const sizeOfCredential = (record: CredentialRecord): number =>
  perCredential +
  text(record.name) +
  list(record.scopes) +
  list(record.apis) +
  list(record.networks) +
  record.memberships.size * perMembership

export const sizeOfClient = (record: ClientRecord): number =>
  perClient +
  text(record.name) +
  list(record.redirectUris) +
  list(record.scopes) +
  list(record.grants) +
  list(record.apis) +
  list(record.postLogoutRedirectUris) +
  text(record.jwks) +
  text(record.jwksUri) +
  text(record.uri) +
  record.secrets.length * 200

export const sizeOfGrant = (record: GrantRecord): number =>
  perGrant + list(record.scopes) + record.memberships.size * perMembership

export const sizeOfToken = ({ id }: { id: string }): number => perToken + text(id)
