// Who the caller is (`GET /users/me`), whatever kind of credential it came with.
import { formatTimeOrNull } from '../../rfc3339.ts'
import type { Store } from '../../store/store.ts'
import type { Actor } from '../actor.ts'
import { findUser, type User } from './user.ts'

/** What judging the credential told beyond the rights of the actor. */
export interface CallerFacts {
  subject: string
  /** The credential's. */
  name: string | undefined
  environment: string
}

export interface Caller {
  kind: string
  id: string
  subject: string
  name: string | null
  /** The person behind a token. */
  user: User | null
  /** The owner of a key or client. */
  organization_id: string | null
  /** Every organization reached. */
  organization_ids: string[]
  scopes: string[]
  environment: string | null
  operator: boolean
  expires_at: string | null
}

/** Any caller may ask. */
export const describeCaller = async (store: Store, actor: Actor, facts: CallerFacts | undefined): Promise<Caller> => ({
  kind: actor.kind,
  id: actor.id,
  subject: facts?.subject ?? actor.userId ?? actor.id,
  name: facts?.name ?? null,
  user: actor.userId === undefined ? null : await findUser(store.db, actor.userId),
  organization_id: actor.organizationId ?? null,
  organization_ids: actor.organizationId === undefined ? [...actor.roles.keys()] : [actor.organizationId],
  scopes: [...actor.scopes],
  environment: facts?.environment ?? actor.environment ?? null,
  operator: actor.operator,
  expires_at: formatTimeOrNull(actor.expiresAt ?? null),
})
