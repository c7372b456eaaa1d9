// Credentials that nobody has used for long.
import { lastUses } from '../../credentials/wire.ts'
import { formatTimeOrNull } from '../../rfc3339.ts'
import type { Store } from '../../store/store.ts'
import { lowestIdAt } from '../../store/time-id.ts'
import type { NewAlert } from '../raise.ts'
import { settingsOf, thresholdBounds } from '../settings.ts'
import { type Watch, day, lookSize, ownerOf } from './watch.ts'

export const watchUnused = (store: Store): Watch => {
  let after = ''
  return async (now) => {
    const rows = await store.db
      .selectFrom('credentials')
      .select(['id', 'kind', 'name', 'hint', 'organization_id', 'user_id', 'created_at'])
      .where('id', '>', after)
      .where('id', '<', lowestIdAt(now - thresholdBounds.unused_days[0] * day))
      .where('revoked_at', 'is', null)
      .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
      .orderBy('id')
      .limit(lookSize)
      .execute()
    after = rows.length === lookSize ? (rows.at(-1)?.id ?? '') : ''
    const used = await lastUses(
      store,
      rows.map(({ id }) => id),
    )
    const settings = await settingsOf(
      store.db,
      rows.flatMap(({ organization_id }) => organization_id ?? []),
    )
    return rows.flatMap((row): NewAlert[] => {
      const owner = ownerOf(row)
      const lastUsedAt = used.get(row.id) ?? null
      const since = lastUsedAt ?? row.created_at
      const days = settings(owner.organizationId).thresholds.unused_days
      if (since > now - days * day) return []
      return [
        {
          kind: 'credential.unused',
          ...owner,
          subjectKind: row.kind,
          subjectId: row.id,
          period: String(since),
          detail: { name: row.name, hint: row.hint, days, last_used_at: formatTimeOrNull(lastUsedAt) },
        },
      ]
    })
  }
}
