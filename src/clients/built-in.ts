// The client that this program itself is: its command line, which signs people in by device code (RFC 8628).
import type { Config } from '../config/config.ts'
import type { Store } from '../store/store.ts'
import { columnsOf, managed } from './client.ts'
import { grantTypes, usualSettings } from './settings.ts'

export const commandLineClientId = 'latchkey-cli'

/** Makes it where it is missing; several processes may do so at once. */
export const ensureBuiltInClients = async (
  store: Store,
  { environments, management }: Pick<Config, 'environments' | 'management'>,
): Promise<void> => {
  const { db } = store
  const found = await db.selectFrom('clients').select('id').where('id', '=', commandLineClientId).executeTakeFirst()
  if (found) return
  const settings = columnsOf({
    ...usualSettings,
    public: true,
    pkce: 'required',
    redirectUris: [],
    grants: [grantTypes.deviceCode, grantTypes.refreshToken],
    environment: environments[0] as string,
    apis: [management.name],
    scopes: ['manage'],
  })
  await store.transaction((trx) =>
    trx
      .insertInto('clients')
      .values({
        ...managed,
        ...settings,
        id: commandLineClientId,
        organization_id: null,
        name: 'Latchkey command line',
        public: 1,
        environment: environments[0] as string,
        created_by: null,
        created_at: 0,
        registration: 'built_in',
      })
      .onConflict((conflict) => conflict.column('id').doNothing())
      .execute(),
  )
}
