// Stored credentials as the management API and the command line tell them: never the value, only its hint.
import { formatTime, formatTimeOrNull } from '../rfc3339.ts'
import type { Schema } from '../store/schema.ts'
import type { Store } from '../store/store.ts'

export type CredentialRow = Schema['credentials']

/** JSON list of a row to a list; null stays null. */
export const listOf = (text: string | null): string[] | null => (text === null ? null : (JSON.parse(text) as string[]))

/** Whether it is let in at `now`, or why not any more. */
export type State = 'active' | 'expired' | 'revoked'

export const stateOf = (row: Pick<CredentialRow, 'revoked_at' | 'expires_at'>, now: number): State => {
  if (row.revoked_at !== null) return 'revoked'
  return row.expires_at !== null && row.expires_at <= now ? 'expired' : 'active'
}

/** Last uses by credential id, Unix milliseconds. They lie in another file than the credentials: a query of their own. */
export const lastUses = async ({ activity }: Store, ids: readonly string[]): Promise<ReadonlyMap<string, number>> => {
  if (ids.length === 0) return new Map()
  const rows = await activity.selectFrom('last_used').selectAll().where('credential_id', 'in', ids).execute()
  return new Map(rows.map((row) => [row.credential_id, row.last_used_at]))
}

export const apiKeyJson = (row: CredentialRow, lastUsedAt?: number) => ({
  id: row.id,
  name: row.name,
  hint: row.hint,
  organization_id: row.organization_id as string,
  environment: row.environment,
  scopes: row.scopes,
  apis: listOf(row.apis),
  created_by: row.user_id,
  created_at: formatTime(row.created_at),
  last_used_at: formatTimeOrNull(lastUsedAt ?? null),
  expires_at: formatTimeOrNull(row.expires_at),
  revoked_at: formatTimeOrNull(row.revoked_at),
  replaces: row.replaces,
})

export type ApiKeyJson = ReturnType<typeof apiKeyJson>
