// Renames an organization; operators set its tier, suspend and resume it. Look-ups join the organization, so it holds from the next request on.
import { recordChange } from '../../audit/record.ts'
import type { Tier } from '../../store/schema.ts'
import type { Store } from '../../store/store.ts'
import { type Actor, requireOperator, requireRole } from '../actor.ts'
import { cleanName } from '../name.ts'
import { findOrganization, type Organization } from './organization.ts'

export interface OrganizationChanges {
  name?: string | undefined
  tier?: Tier | undefined
  suspended?: boolean | undefined
}

/** What is left out, or is so already, stays. Throws as `requireRole` does, `forbidden` for an operator's fields, `invalid_request`, `not_found`. */
export const updateOrganization = (
  store: Store,
  actor: Actor,
  organizationId: string,
  changes: OrganizationChanges,
  now: number,
): Promise<Organization> => {
  requireRole(actor, organizationId, 'admin', 'organizations')
  if (changes.tier !== undefined) requireOperator(actor, 'set tiers')
  if (changes.suspended !== undefined) requireOperator(actor, 'suspend and resume organizations')
  const name = changes.name === undefined ? undefined : cleanName(changes.name)
  return store.transaction(async (trx) => {
    const before = await findOrganization(trx, actor, organizationId)
    const detail = {
      ...(name !== undefined && name !== before.name && { name }),
      ...(changes.tier !== undefined && changes.tier !== before.tier && { tier: changes.tier }),
      ...(changes.suspended !== undefined &&
        changes.suspended !== (before.suspended_at !== null) && { suspended: changes.suspended }),
    }
    if (Object.keys(detail).length === 0) return before
    const { suspended, ...columns } = detail
    await trx
      .updateTable('organizations')
      .set({ ...columns, ...(suspended !== undefined && { suspended_at: suspended ? now : null }) })
      .where('id', '=', organizationId)
      .execute()
    await recordChange(trx, actor, now, {
      action: 'organization.updated',
      targetKind: 'organization',
      targetId: organizationId,
      organizationId,
      detail,
    })
    return findOrganization(trx, actor, organizationId)
  })
}
