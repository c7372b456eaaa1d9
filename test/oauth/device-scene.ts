// A device and its person: asking for codes, deciding in the store as the page would, and collecting.
import { actorWith } from '../../src/accounts/actor.ts'
import { decide, findWaiting } from '../../src/oauth/device/device-codes.ts'
import { readUserCode } from '../../src/oauth/device/user-code.ts'
import { createGrant, grantedApi } from '../../src/oauth/person-grant.ts'
import { SecretBox } from '../../src/secret-box.ts'
import { type Clock, type Launched, launch, stoppedClock, type World, world } from '../harness.ts'
import type { Cleanup } from '../temporary-folder.ts'

export const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code'
export const secret = 'a secret of at least thirty-two characters'

interface Codes {
  device_code: string
  user_code: string
  verification_uri: string
  verification_uri_complete: string
  expires_in: number
  interval: number
}

export interface Tokens {
  access_token: string
  refresh_token?: string
  scope?: string
}

export interface DeviceScene {
  launched: Launched
  clock: Clock
  acme: World
  /** A public client that may do nothing else. */
  client_id: string
  /** A device authorization request that must succeed. */
  start: (form?: Record<string, string>) => Promise<Codes>
  /** What the token endpoint answers, without waiting. */
  poll: (device_code: string, form?: Record<string, string>) => ReturnType<Launched['ask']>
  /** Decides in the store as the page does, as the owner of the organization. */
  allow: (
    userCode: string,
    allowance?: { organizationId?: string | null; allOrganizations?: boolean },
  ) => Promise<string>
  deny: (userCode: string) => Promise<void>
}

export const deviceScene = async (t: Cleanup): Promise<DeviceScene> => {
  const clock = stoppedClock('2026-02-01T12:00:00Z')
  const launched = await launch(t, { now: clock, env: { LATCHKEY_SECRET: secret } })
  const { app, ask, config } = launched
  const box = new SecretBox(secret)
  const acme = await world(launched)
  const { client_id } = await acme.client({
    name: 'Television',
    public: true,
    grants: [deviceGrant, 'refresh_token'],
    apis: ['multi'],
  })
  const waiting = async (userCode: string) => {
    const code = await findWaiting(app.store.db, box, readUserCode(userCode) ?? '', clock())
    if (!code) throw new Error(`Nobody waits behind ${userCode}.`)
    return code
  }
  return {
    launched,
    clock,
    acme,
    client_id,
    async start(form = {}) {
      const answer = await ask('POST', '/oauth/device_authorization', { form: { client_id, ...form } })
      if (answer.statusCode !== 200) throw new Error(answer.body)
      return answer.json<Codes>()
    },
    poll: (device_code, form = {}) =>
      ask('POST', '/oauth/token', { form: { grant_type: deviceGrant, client_id, device_code, ...form } }),
    async allow(userCode, { organizationId = acme.organization, allOrganizations = false } = {}) {
      const code = await waiting(userCode)
      const client = await app.store.lookups.clientById(code.client_id)
      const api = grantedApi(config, code.api)
      if (!client || !api) throw new Error('The client or the API is gone.')
      return app.store.transaction(async (trx) => {
        const grant = await createGrant(
          trx,
          config,
          {
            client,
            api,
            userId: acme.owner,
            organizationId,
            allOrganizations,
            scopes: code.scopes.split(' ').filter(Boolean),
            authenticatedAt: clock(),
            methods: ['pwd'],
          },
          actorWith({ kind: 'session', id: 'test', userId: acme.owner }),
          clock(),
        )
        if (!(await decide(trx, code.hash, { grant_id: grant.id }, clock()))) throw new Error('Somebody was first.')
        return grant.id
      })
    },
    async deny(userCode) {
      const { hash } = await waiting(userCode)
      await app.store.transaction((trx) => decide(trx, hash, { denied_at: clock() }, clock()))
    },
  }
}
