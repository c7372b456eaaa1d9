// How each kind of alert is looked for: a bounded look at the tables, going on where the look before ended.
import type { Schema } from '../../store/schema.ts'
import type { NewAlert } from '../raise.ts'

/** Looks once; `now`: Unix milliseconds. What it finds again and again is raised once (raise.ts). */
export type Watch = (now: number) => Promise<NewAlert[]>

/** Rows that one look takes. */
export const lookSize = 500

export const hour = 3_600_000
export const day = 24 * hour

/** Whom a credential's alert is for: a key belongs to an organization, a token to a person. */
export const ownerOf = ({
  kind,
  organization_id,
  user_id,
}: Pick<Schema['credentials'], 'kind' | 'organization_id' | 'user_id'>): Pick<NewAlert, 'organizationId' | 'userId'> =>
  kind === 'api_key' ? { organizationId: organization_id, userId: null } : { organizationId: null, userId: user_id }
