// Look-ups on SQLite: prepared statements on a connection that only reads, behind caches that know what has been changed.
import type { DatabaseSync } from 'node:sqlite'
import { ChangeLog } from './change-log.ts'
import { ExactCache } from './exact-cache.ts'
import { KnownHashes } from './known-hashes.ts'
import { onceARun } from './once-a-run.ts'
import {
  type ClientRow,
  type CredentialRow,
  type GrantRow,
  lookupSql,
  toClient,
  toCredential,
  toGrant,
  toSigningKey,
} from './records.ts'
import { sizeOfClient, sizeOfCredential, sizeOfGrant, sizeOfToken } from './record-sizes.ts'
import type { Schema } from './schema.ts'
import type { ClientRecord, CredentialRecord, GrantRecord, Lookups, SigningKeyRecord } from './store.ts'

/** `bytes`: what all caches may take together. `close` before the reader is. */
export const sqliteLookups = (reader: DatabaseSync, bytes: number): Lookups & { close: () => void } => {
  const text = lookupSql((columns) => `json_group_array(json_array(${columns}))`, '?')
  const byHash = reader.prepare(text.credentialByHash)
  const byId = reader.prepare(text.credentialById)
  const client = reader.prepare(text.clientById)
  const grant = reader.prepare(text.grantById)
  const revokedToken = reader.prepare(text.revokedToken)
  const keys = reader.prepare(text.signingKeys)
  const dataVersion = reader.prepare('PRAGMA data_version')
  dataVersion.setReturnArrays(true)
  // Any commit by another connection changes this number; the reader never writes, so every commit is another connection's.
  const version = onceARun(() => (dataVersion.get() as unknown as [number])[0])
  const known = new KnownHashes(reader)
  const log = new ChangeLog(reader, version, known)

  const hasOwnerChanged = (
    { organization, userId, kind }: Pick<CredentialRecord, 'organization' | 'userId' | 'kind'>,
    since: number,
  ): boolean =>
    kind === 'api_key'
      ? organization !== null && log.hasChanged('organization', organization.id, since)
      : log.hasChanged('user', userId, since)
  const credentials = new ExactCache<CredentialRecord>(log, {
    bytes: bytes * 0.7,
    sizeOf: sizeOfCredential,
    hasChanged: (record, since) => log.hasChanged('credential', record.id, since) || hasOwnerChanged(record, since),
  })
  const clients = new ExactCache<ClientRecord>(log, {
    bytes: bytes * 0.1,
    sizeOf: sizeOfClient,
    hasChanged: ({ id, organization }, since) =>
      log.hasChanged('client', id, since) ||
      (organization !== null && log.hasChanged('organization', organization.id, since)),
  })
  const grants = new ExactCache<GrantRecord>(log, {
    bytes: bytes * 0.1,
    sizeOf: sizeOfGrant,
    hasChanged: ({ id, userId }, since) => log.hasChanged('grant', id, since) || log.hasChanged('user', userId, since),
  })
  const tokens = new ExactCache<{ id: string; revoked: boolean }>(log, {
    bytes: bytes * 0.1,
    sizeOf: sizeOfToken,
    hasChanged: ({ id }, since) => log.hasChanged('token', id, since),
  })
  const signing = new ExactCache<readonly SigningKeyRecord[]>(log, {
    bytes: Number.POSITIVE_INFINITY, // there are few
    sizeOf: () => 0,
    hasChanged: (_, since) => log.hasChanged('signing_key', '', since),
  })

  let asked = 0
  const credential = (statement: typeof byHash, key: string): CredentialRecord | undefined => {
    const row = statement.get(key) as unknown as CredentialRow | undefined
    return row && toCredential(row)
  }
  const loadByHash = (hash: string): CredentialRecord | undefined => {
    if (known.isAbsent(hash)) return undefined
    asked += 1
    const found = credential(byHash, hash)
    if (found === undefined) known.missed(hash)
    return found
  }
  const loadById = (id: string): CredentialRecord | undefined => credential(byId, id)
  const loadClient = (id: string): ClientRecord | undefined => {
    const row = client.get(id) as unknown as ClientRow | undefined
    return row && toClient(row)
  }
  const loadGrant = (id: string): GrantRecord | undefined => {
    const row = grant.get(id) as unknown as GrantRow | undefined
    return row && toGrant(row)
  }
  const loadToken = (id: string) => ({ id, revoked: revokedToken.get(id) !== undefined })
  const loadKeys = (): readonly SigningKeyRecord[] =>
    (keys.all() as unknown as Schema['signing_keys'][]).map(toSigningKey)
  return {
    version,
    credentialByHash: (hash) => credentials.get(hash, loadByHash),
    keptByHash: (hash) => credentials.peek(hash),
    credentialById: (id) => credentials.get(id, loadById),
    clientById: (id) => clients.get(id, loadClient),
    grantById: (id) => grants.get(id, loadGrant),
    isTokenRevoked: (id) => tokens.get(id, loadToken)?.revoked ?? false,
    signingKeys: () => signing.get('', loadKeys) ?? [],
    asked: () => asked,
    close: () => known.close(),
  }
}
