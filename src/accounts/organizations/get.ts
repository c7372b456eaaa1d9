// One organization.
import type { Store } from '../../store/store.ts'
import { type Actor, requireRole } from '../actor.ts'
import { findOrganization, type Organization } from './organization.ts'

/** Throws as `requireRole` does, and `not_found` for operators. */
export const getOrganization = (store: Store, actor: Actor, organizationId: string): Promise<Organization> => {
  requireRole(actor, organizationId, 'viewer', 'organizations')
  return findOrganization(store.db, actor, organizationId)
}
