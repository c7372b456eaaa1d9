// Ends one of a client's two secrets before its time: whoever has moved over need not wait for the overlap.
import type { Actor } from '../accounts/actor.ts'
import { recordChange } from '../audit/record.ts'
import { Refusal } from '../errors.ts'
import type { Store } from '../store/store.ts'
import { type Client, type ClientPath, findOwnedClient, toClient } from './client.ts'

/** Throws as `findOwnedClient` does, `not_found`, and `conflict` for the only secret that works: a client is deleted, not locked out. */
export const endSecret = (
  store: Store,
  actor: Actor,
  { secret_id: secretId, ...path }: ClientPath & { secret_id: string },
  now: number,
): Promise<Client> =>
  store.transaction(async (trx) => {
    const row = await findOwnedClient(trx, actor, path, 'admin')
    const secrets = await trx
      .selectFrom('client_secrets')
      .select(['id', 'hint'])
      .where('client_id', '=', row.id)
      .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
      .execute()
    const secret = secrets.find(({ id }) => id === secretId)
    if (!secret) throw new Refusal('not_found', 'This client has no such secret.')
    if (secrets.length === 1)
      throw new Refusal(
        'conflict',
        'This is the only secret of the client: rotate it, with an overlap of 0 to end it now.',
      )
    await trx.deleteFrom('client_secrets').where('client_id', '=', row.id).where('id', '=', secretId).execute()
    await recordChange(trx, actor, now, {
      action: 'client.secret_ended',
      targetKind: 'client',
      targetId: row.id,
      organizationId: row.organization_id,
      detail: { hint: secret.hint },
    })
    return toClient(store, trx, row)
  })
