// Stored credentials as the management API and the command line tell them: never the value, only its hint.
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

/** Ids in one query. */
const batch = 1000

/** Last uses by credential id, Unix milliseconds. They lie in another file than the credentials: a query of their own. */
export const lastUses = async ({ activity }: Store, ids: readonly string[]): Promise<ReadonlyMap<string, number>> => {
  const uses = new Map<string, number>()
  for (let from = 0; from < ids.length; from += batch) {
    const some = ids.slice(from, from + batch)
    const rows = await activity.selectFrom('last_used').selectAll().where('credential_id', 'in', some).execute()
    for (const { credential_id, last_used_at } of rows) uses.set(credential_id, last_used_at)
  }
  return uses
}
