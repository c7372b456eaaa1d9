// Revokes many API keys of an organization at once: all of them or, where one is not the actor's to revoke, none.
import { type Actor, hasRole, requireRole, roleIn } from '../accounts/actor.ts'
import { recordChange } from '../audit/record.ts'
import { Refusal } from '../errors.ts'
import type { Store } from '../store/store.ts'

/** Keys in one request. */
export const maxRevoked = 500

export interface RevokedKeys {
  /** Revoked by this request. */
  revoked: string[]
  /** Revoked before. */
  already_revoked: string[]
}

/**
 * Admins revoke any, members their own. Throws as `requireRole`, `not_found` for keys that are not of the organization, and `forbidden`
 * for a member who names another's key; then nothing has been revoked.
 */
export const revokeApiKeys = (
  store: Store,
  actor: Actor,
  { organization_id, key_ids }: { organization_id: string; key_ids: readonly string[] },
  now: number,
): Promise<RevokedKeys> => {
  requireRole(actor, organization_id, 'viewer', 'api-keys')
  const wanted = [...new Set(key_ids)]
  return store.transaction(async (trx) => {
    const rows = await trx
      .selectFrom('credentials')
      .select(['id', 'name', 'user_id', 'revoked_at'])
      .where('organization_id', '=', organization_id)
      .where('kind', '=', 'api_key')
      .where('id', 'in', wanted)
      .execute()
    const found = new Map(rows.map((row) => [row.id, row]))
    const missing = wanted.filter((id) => !found.has(id))
    if (missing.length > 0)
      throw new Refusal('not_found', `There is no such API key in this organization: ${missing.join(', ')}.`)
    const isMember = hasRole(roleIn(actor, organization_id), 'member')
    if (!rows.every(({ user_id }) => isMember && user_id === actor.userId))
      requireRole(actor, organization_id, 'admin', 'api-keys')
    const isRevoked = (id: string): boolean => found.get(id)?.revoked_at !== null
    const revoked = wanted.filter((id) => !isRevoked(id))
    if (revoked.length > 0)
      await trx
        .updateTable('credentials')
        .set({ revoked_at: now })
        .where('organization_id', '=', organization_id)
        .where('kind', '=', 'api_key')
        .where('id', 'in', revoked)
        .execute()
    for (const id of revoked)
      await recordChange(trx, actor, now, {
        action: 'api_key.revoked',
        targetKind: 'api_key',
        targetId: id,
        organizationId: organization_id,
        detail: { name: found.get(id)?.name, together: wanted.length },
      })
    return { revoked, already_revoked: wanted.filter(isRevoked) }
  })
}
