// Legacy tokens that somebody still uses, so that their owners move on before they end.
import { lastUses } from '../../credentials/wire.ts'
import { formatTime } from '../../rfc3339.ts'
import type { Store } from '../../store/store.ts'
import type { NewAlert } from '../raise.ts'
import { type Watch, day, lookSize } from './watch.ts'

/** How often one token is told of: people know it, and need a reminder at most. */
const repeatMs = 7 * day

export const watchLegacy = (store: Store): Watch => {
  let after = ''
  return async (now) => {
    const rows = await store.db
      .selectFrom('credentials')
      .select(['id', 'name', 'hint', 'user_id'])
      .where('kind', '=', 'legacy_token')
      .where('id', '>', after)
      .orderBy('id')
      .limit(lookSize)
      .execute()
    after = rows.length === lookSize ? (rows.at(-1)?.id ?? '') : ''
    const used = await lastUses(
      store,
      rows.map(({ id }) => id),
    )
    return rows.flatMap(({ id, name, hint, user_id }): NewAlert[] => {
      const lastUsedAt = used.get(id)
      if (lastUsedAt === undefined || lastUsedAt < now - day) return []
      return [
        {
          kind: 'legacy_token.in_use',
          organizationId: null,
          userId: user_id,
          subjectKind: 'legacy_token',
          subjectId: id,
          period: String(Math.floor(now / repeatMs)),
          detail: { name, hint, last_used_at: formatTime(lastUsedAt) },
        },
      ]
    })
  }
}
