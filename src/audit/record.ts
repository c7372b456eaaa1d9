// The audit trail: every change with who, what, when and from where, written in the transaction of the change itself.
import type { Kysely } from 'kysely'
import type { Actor } from '../accounts/actor.ts'
import type { Schema } from '../store/schema.ts'
import { idAt } from '../store/time-id.ts'

export interface Change {
  /** `<target kind>.<past verb>`, as in `api_key.revoked`. */
  action: string
  targetKind: string
  targetId: string
  organizationId?: string | null
  /** Plain facts about the change; never a secret. */
  detail?: Record<string, unknown>
}

/** Writes one entry with `trx`, the transaction that makes the change. `now`: Unix milliseconds. */
export const recordChange = async (trx: Kysely<Schema>, actor: Actor, now: number, change: Change): Promise<void> => {
  await trx
    .insertInto('audit')
    .values({
      id: idAt(now),
      at: now,
      actor_kind: actor.kind,
      actor_id: actor.id,
      action: change.action,
      target_kind: change.targetKind,
      target_id: change.targetId,
      organization_id: change.organizationId ?? null,
      ip: actor.ip ?? null,
      request_id: actor.requestId ?? null,
      detail: change.detail ? JSON.stringify(change.detail) : null,
      user_id: actor.userId ?? null,
    })
    .execute()
}
