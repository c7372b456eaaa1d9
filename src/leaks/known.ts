// What a value that was found somewhere stands for here; undefined: nothing.
import { hashOf } from '../credentials/format.ts'
import { legacyHash } from '../credentials/legacy-format.ts'
import type { SecretBox } from '../secret-box.ts'
import type { StoredKind } from '../store/schema.ts'
import type { Store } from '../store/store.ts'

interface Facts {
  /** Of the credential, or of what it belongs to. */
  id: string
  name: string
  hint: string
  organizationId: string | null
  /** Whose it is, where that is a person. */
  userId: string | null
  environment: string
  /** Whether nothing could be done with it any more. */
  ended: boolean
}

export type Known = Facts &
  (
    | { kind: StoredKind; hash: string }
    | { kind: 'client_secret'; secretId: string }
    | {
        kind: 'refresh_token'
        grant: { id: string; organization_id: string | null; client_id: string; user_id: string }
      }
  )

/** Longer than any value that is made or taken here. */
export const maxValueLength = 16_384

const storedCredential = async ({ db }: Store, box: SecretBox, value: string, now: number) => {
  const hashes = [hashOf(value), legacyHash(box, hashOf(value))]
  const row = await db.selectFrom('credentials').selectAll().where('hash', 'in', hashes).executeTakeFirst()
  if (!row) return undefined
  const { id, kind, hash, name, hint, environment, organization_id, user_id, revoked_at, expires_at } = row
  const ofOrganization = kind === 'api_key'
  return {
    kind,
    id,
    hash,
    name,
    hint,
    environment,
    organizationId: ofOrganization ? organization_id : null,
    userId: ofOrganization ? null : user_id,
    ended: revoked_at !== null || (expires_at !== null && expires_at <= now),
  }
}

const clientSecret = async ({ db }: Store, value: string, now: number): Promise<Known | undefined> => {
  const row = await db
    .selectFrom('client_secrets')
    .innerJoin('clients', 'clients.id', 'client_secrets.client_id')
    .select([
      'client_secrets.id as secretId',
      'client_secrets.hint',
      'client_secrets.expires_at',
      'clients.id',
      'clients.name',
      'clients.environment',
      'clients.organization_id',
    ])
    .where('client_secrets.hash', '=', hashOf(value))
    .executeTakeFirst()
  return (
    row && {
      kind: 'client_secret',
      id: row.id,
      secretId: row.secretId,
      name: row.name,
      hint: row.hint,
      environment: row.environment,
      organizationId: row.organization_id,
      userId: null,
      ended: row.expires_at !== null && row.expires_at <= now,
    }
  )
}

const refreshToken = async ({ db }: Store, value: string, now: number): Promise<Known | undefined> => {
  const row = await db
    .selectFrom('refresh_tokens')
    .innerJoin('grants', 'grants.id', 'refresh_tokens.grant_id')
    .innerJoin('clients', 'clients.id', 'grants.client_id')
    .select([
      'grants.id',
      'grants.client_id',
      'grants.user_id',
      'grants.organization_id',
      'grants.revoked_at',
      'grants.expires_at',
      'clients.name',
      'clients.environment',
    ])
    .where('refresh_tokens.hash', '=', hashOf(value))
    .executeTakeFirst()
  return (
    row && {
      kind: 'refresh_token',
      id: row.id,
      grant: row,
      name: row.name,
      hint: 'rt_…',
      environment: row.environment,
      organizationId: null,
      userId: row.user_id,
      ended: row.revoked_at !== null || row.expires_at <= now,
    }
  )
}

/** Found by its hash, whatever it is; of values made here the prefix says where to look. */
export const findKnown = async (
  store: Store,
  box: SecretBox,
  value: string,
  now: number,
): Promise<Known | undefined> => {
  if (value.length > maxValueLength) return undefined
  if (value.startsWith('cs_')) return clientSecret(store, value, now)
  if (value.startsWith('rt_')) return refreshToken(store, value, now)
  return storedCredential(store, box, value, now)
}
