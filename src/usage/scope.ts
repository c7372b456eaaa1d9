// Whose requests somebody may look at.
import { type Actor, requireOperator, requireRole, requireWholePerson } from '../accounts/actor.ts'
import { findOrganization } from '../accounts/organizations/organization.ts'
import type { Store } from '../store/store.ts'

/** As `owner_id` of what is counted. */
export type OwnerId = string

/** Throws as `requireRole` does, and `not_found` for operators. */
export const ofOrganization = async (store: Store, actor: Actor, organizationId: string): Promise<OwnerId> => {
  requireRole(actor, organizationId, 'viewer', 'usage')
  return (await findOrganization(store.db, actor, organizationId)).id
}

/** What a person's own credentials did for no organization in particular. Throws `forbidden` for keys and clients, and for tokens that reach a part of the person alone. */
export const ofPerson = (actor: Actor): OwnerId => requireWholePerson(actor)

/** What nobody's credentials did: nothing that was presented is known here. Throws `forbidden`. */
export const ofNobody = (actor: Actor): OwnerId => {
  requireOperator(actor, 'see requests with credentials that nobody has')
  return ''
}
