// RFC 8628 §3.4, §3.5: a device asks whether its person has decided, and gets its tokens once.
import { grantTypes } from '../../clients/settings.ts'
import type { ClientRecord } from '../../store/store.ts'
import { delegated, invalidGrant } from '../delegated.ts'
import { comesTooEarly, consume, findDeviceCode } from '../device/device-codes.ts'
import { OAuthError } from '../errors.ts'
import type { Grant } from '../grant.ts'
import { beginRefreshing } from '../refresh-tokens.ts'

export const deviceCode: Grant = {
  grantType: grantTypes.deviceCode,
  needsClient: true,
  parameters: ['device_code'],
  takesAudience: false,
  async handle(deps, { client: caller, parameters, thumbprint }) {
    const { store, config, now } = deps
    const client = caller as ClientRecord // needsClient
    const value = parameters.get('device_code')
    if (value === undefined) throw new OAuthError('invalid_request', 'Send the device_code')
    const code = await findDeviceCode(store, client.id, value)
    if (!code) throw invalidGrant('there is no such device code, or it has given its tokens')
    if (code.expires_at <= now())
      throw new OAuthError('expired_token', 'The device code has expired: ask for another one')
    if (await comesTooEarly(store, code, now()))
      throw new OAuthError('slow_down', 'Ask less often: wait 5 seconds more than before between two requests')
    if (code.denied_at !== null) throw new OAuthError('access_denied', 'The person has not allowed it')
    if (code.grant_id === null) throw new OAuthError('authorization_pending', 'The person has not decided yet')
    if (code.jkt !== null && code.jkt !== thumbprint)
      throw invalidGrant('the proof is not by the key that the device code is bound to')
    const grant = await store.db
      .selectFrom('grants')
      .selectAll()
      .where('id', '=', code.grant_id)
      .executeTakeFirstOrThrow()
    return delegated(deps, {
      client,
      grant,
      consume: async (trx, binding) =>
        (await consume(trx, code.hash))
          ? { refreshToken: await beginRefreshing(trx, client, grant, binding, config.oauth.refreshIdleMs, now()) }
          : 'used',
    })
  },
}
