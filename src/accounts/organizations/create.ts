// Creates an organization: for the person who asks, or by an operator for a user.
import { randomUUIDv7 } from 'node:crypto'
import type { Transaction } from 'kysely'
import { recordChange } from '../../audit/record.ts'
import { Refusal } from '../../errors.ts'
import type { Schema, Tier } from '../../store/schema.ts'
import type { Store } from '../../store/store.ts'
import { type Actor, requireOperator, requireUser } from '../actor.ts'
import { cleanName } from '../name.ts'
import { findOrganization, type Organization } from './organization.ts'

export interface NewOrganization {
  name: string
  /** User id; operators only. Default: the person who asks. */
  owner?: string | undefined
  /** Operators only. Default free. */
  tier?: Tier | undefined
}

/** Writes the organization, its owner and the audit entry. `values` are checked. */
export const addOrganization = async (
  trx: Transaction<Schema>,
  actor: Actor,
  values: { name: string; owner: string; tier: Tier },
  now: number,
): Promise<Organization> => {
  const { name, owner, tier } = values
  const id = randomUUIDv7()
  await trx.insertInto('organizations').values({ id, name, tier, suspended_at: null, created_at: now }).execute()
  await trx
    .insertInto('members')
    .values({ organization_id: id, user_id: owner, role: 'owner', created_at: now })
    .execute()
  await recordChange(trx, actor, now, {
    action: 'organization.created',
    targetKind: 'organization',
    targetId: id,
    organizationId: id,
    detail: { name, tier, owner },
  })
  const organization = await findOrganization(trx, actor, id)
  return { ...organization, role: owner === actor.userId ? 'owner' : organization.role }
}

/** Throws `forbidden`, or `invalid_request` where the owner is missing or does not exist. */
export const createOrganization = async (
  store: Store,
  actor: Actor,
  input: NewOrganization,
  now: number,
): Promise<Organization> => {
  if (input.owner !== undefined) requireOperator(actor, 'create organizations for other people')
  if (input.tier !== undefined) requireOperator(actor, 'set tiers')
  const name = cleanName(input.name)
  const owner = input.owner ?? (actor.operator ? actor.userId : requireUser(actor))
  if (!actor.operator && !actor.everywhere)
    throw new Refusal('forbidden', 'This needs a personal access token for all organizations that was not exchanged.')
  if (owner === undefined) throw new Refusal('invalid_request', 'Name the owner of the organization: a user id.')
  return store.transaction(async (trx) => {
    const found = await trx.selectFrom('users').select('id').where('id', '=', owner).executeTakeFirst()
    if (!found) throw new Refusal('invalid_request', 'There is no user with the id that is named as owner.')
    return addOrganization(trx, actor, { name, owner, tier: input.tier ?? 'free' }, now)
  })
}
