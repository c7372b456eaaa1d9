// Renames a personal access token.
import type { Actor } from '../accounts/actor.ts'
import { cleanName } from '../accounts/name.ts'
import { recordChange } from '../audit/record.ts'
import type { Store } from '../store/store.ts'
import { requireReachOf } from './create-token.ts'
import { type TokenPath, chosenOrganizations, findToken } from './find.ts'
import { type TokenJson, toToken } from './token.ts'

/** Throws `not_found` for everybody but the owner and operators, `forbidden` through a token that reaches less. */
export const renameToken = async (
  store: Store,
  actor: Actor,
  input: TokenPath & { name: string },
  now: number,
): Promise<TokenJson> => {
  const name = cleanName(input.name)
  const row = await store.transaction(async (trx) => {
    const found = await findToken(trx, actor, 'personal_access_token', input)
    requireReachOf(actor, found, (await chosenOrganizations(trx, [found]))(found.id))
    if (found.name !== name) {
      await trx
        .updateTable('credentials')
        .set({ name })
        .where('user_id', '=', found.user_id)
        .where('kind', '=', found.kind)
        .where('id', '=', found.id)
        .execute()
      await recordChange(trx, actor, now, {
        action: 'personal_access_token.renamed',
        targetKind: found.kind,
        targetId: found.id,
        detail: { from: found.name, to: name },
      })
    }
    return { ...found, name }
  })
  return toToken(store, store.db, row, now)
}
