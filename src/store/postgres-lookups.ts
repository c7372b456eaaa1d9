// Look-ups on Postgres: each is one prepared statement on the shared pipeline, and sees whatever was committed before it.
import type { Query } from './postgres-pipeline.ts'
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
import type { Schema } from './schema.ts'
import type { ClientRecord, CredentialRecord, GrantRecord, Lookups, SigningKeyRecord } from './store.ts'

const keysVersionSql = `SELECT string_agg(id || ' ' || xmin::text, ' ' ORDER BY id) AS version FROM signing_keys`

export const postgresLookups = (query: Query): Lookups => {
  const text = lookupSql((columns) => `json_agg(json_build_array(${columns}))::text`, '$1')
  let asked = 0
  let keys: { version: string | null; records: readonly SigningKeyRecord[] } | undefined

  /** The row of `key`. Postgres refuses NUL in a text, so that nothing can be stored under such a key. */
  const find = async <Row>(name: string, statement: string, key: string): Promise<Row | undefined> =>
    key.includes('\0') ? undefined : (await query<Row>(name, statement, [key]))[0]

  const credential = async (name: string, statement: string, key: string): Promise<CredentialRecord | undefined> => {
    const row = await find<CredentialRow>(name, statement, key)
    return row && toCredential(row)
  }

  return {
    version: () => undefined,
    keptByHash: () => undefined,
    credentialByHash(hash) {
      asked += 1
      return credential('credential-by-hash', text.credentialByHash, hash)
    },
    asked: () => asked,
    credentialById: (id) => credential('credential-by-id', text.credentialById, id),
    async clientById(id): Promise<ClientRecord | undefined> {
      const row = await find<ClientRow>('client-by-id', text.clientById, id)
      return row && toClient(row)
    },
    async grantById(id): Promise<GrantRecord | undefined> {
      const row = await find<GrantRow>('grant-by-id', text.grantById, id)
      return row && toGrant(row)
    },
    isTokenRevoked: async (id) => (await find('revoked-token', text.revokedToken, id)) !== undefined,
    async signingKeys() {
      // xmin is the transaction that wrote the row. Keys are read after the version: at worst they are newer than it, and read again.
      const version =
        (await query<{ version: string | null }>('signing-keys-version', keysVersionSql, []))[0]?.version ?? null
      if (!keys || keys.version !== version)
        keys = {
          version,
          records: (await query<Schema['signing_keys']>('signing-keys', text.signingKeys, [])).map(toSigningKey),
        }
      return keys.records
    },
  }
}
