// RFC 8628 §3.3: the person decides about the device behind a user code.
import { type Session, type SessionOrigin, sessionActor } from '../../accounts/sessions.ts'
import { resolveClient } from '../../clients/resolve.ts'
import type { Api } from '../../config/config.ts'
import type { ClientRecord } from '../../store/store.ts'
import { grantableScopes } from '../authorize/allow.ts'
import type { Reach } from '../authorize/next-step.ts'
import type { OAuthDeps } from '../grant.ts'
import { createGrant, grantedApi } from '../person-grant.ts'
import { type DeviceCode, decide, findWaiting } from './device-codes.ts'

/** A device that waits for a person. */
export interface WaitingDevice {
  code: DeviceCode
  client: ClientRecord
  api: Api
  scopes: readonly string[]
}

/** The device behind a user code, as `readUserCode` gives it; undefined: none waits there, or it may not any more. */
export const waitingDevice = async (deps: OAuthDeps, userCode: string): Promise<WaitingDevice | undefined> => {
  const { store, box, config, now } = deps
  const code = await findWaiting(store.db, box, userCode, now())
  if (!code) return undefined
  const client = await resolveClient(deps, code.client_id)
  const api = grantedApi(config, code.api)
  if (!client || client.organization?.suspended || !api) return undefined
  return { code, client, api, scopes: code.scopes.split(' ').filter(Boolean) }
}

/** Lets the device have its tokens; false: it does not wait any more. */
export const allowDevice = (
  { store, config, box, now }: OAuthDeps,
  userCode: string,
  device: WaitingDevice,
  { session, reach, origin }: { session: Session; reach: Reach; origin: SessionOrigin },
): Promise<boolean> =>
  store.transaction(async (trx) => {
    // of two who decide at once, the second sees here that it came too late
    const code = await findWaiting(trx, box, userCode, now())
    if (!code) return false
    const { client, api } = device
    const grant = await createGrant(
      trx,
      config,
      {
        client,
        api,
        userId: session.userId,
        organizationId: reach === undefined || reach === 'all' ? null : reach.id,
        allOrganizations: reach === 'all',
        scopes: grantableScopes(device, reach),
        authenticatedAt: session.authenticatedAt,
        methods: session.methods,
      },
      sessionActor(session, origin),
      now(),
    )
    return decide(trx, code.hash, { grant_id: grant.id }, now())
  })

/** false: the device does not wait any more. */
export const denyDevice = ({ store, now }: OAuthDeps, { code }: WaitingDevice): Promise<boolean> =>
  store.transaction((trx) => decide(trx, code.hash, { denied_at: now() }, now()))
