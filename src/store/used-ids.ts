// What may be used once, by whatever process comes first: assertions and proofs that are named by a `jti` (RFC 7519 §4.1.7).
import { hash } from 'node:crypto'
import type { Store } from './store.ts'

/**
 * Whether this is the first use. `parts` name the thing, whatever they hold; it must be of no use any more at `expiresAt`, Unix milliseconds.
 * Remembered through the death of the process; one statement, so that of two uses at once one is the first.
 */
export const useOnce = async (
  { activity }: Pick<Store, 'activity'>,
  parts: readonly string[],
  expiresAt: number,
): Promise<boolean> => {
  const { numInsertedOrUpdatedRows } = await activity
    .insertInto('used_ids')
    .values({ id: hash('sha256', JSON.stringify(parts), 'hex'), expires_at: expiresAt })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n
}
