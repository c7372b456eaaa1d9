// RFC 6749 §10.2: what people allowed a client was for the addresses that it had then, which the page told them.
import type { Transaction } from 'kysely'
import type { Schema } from '../store/schema.ts'

/** Lets people be asked again where the client names an address that it has not had. What it was given stays. */
export const forgetConsents = async (
  trx: Transaction<Schema>,
  clientId: string,
  redirectUris: { before: readonly string[]; after: readonly string[] },
): Promise<void> => {
  const { before, after } = redirectUris
  if (after.some((uri) => !before.includes(uri)))
    await trx.deleteFrom('consents').where('client_id', '=', clientId).execute()
}
