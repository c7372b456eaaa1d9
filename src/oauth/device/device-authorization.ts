// RFC 8628 §3.1, §3.2: a device without a browser asks for a code that its person enters elsewhere.
import { clientParameters } from '../../clients/authenticate.ts'
import { grantTypes } from '../../clients/settings.ts'
import { networkOf } from '../../http/client-address.ts'
import { Throttle } from '../../limits/throttle.ts'
import { requireClient, requireGrant } from '../calling-client.ts'
import { provenKey } from '../dpop.ts'
import { OAuthError } from '../errors.ts'
import { Form, type FormRequest } from '../form.ts'
import type { OAuthDeps } from '../grant.ts'
import { personScopes } from '../scope.ts'
import { personApi } from '../target.ts'
import { intervalSeconds, lifetimeSeconds, makeDeviceCode } from './device-codes.ts'
import { writeUserCode } from './user-code.ts'

interface DeviceAuthorization {
  answer: {
    device_code: string
    user_code: string
    verification_uri: string
    verification_uri_complete: string
    /** Seconds, as the interval. */
    expires_in: number
    interval: number
  }
  /** For the client's next DPoP proof (RFC 9449 §8.2). */
  nonce: string | undefined
}

const tooMany = (waitMs: number, reason: string): OAuthError =>
  new OAuthError('temporarily_unavailable', 'Too many device codes have been asked for. Retry later.', {
    status: 429,
    headers: { 'retry-after': String(Math.ceil(waitMs / 1000)) },
    reason,
  })

/** What answers device authorization requests. With a DPoP proof the code is of that key alone. Anybody may ask in the name of a public client: from one network only so often. */
export const deviceAuthorization = (deps: OAuthDeps) => {
  const { config, store, box, memory, now } = deps
  const windowMs = lifetimeSeconds * 1000
  const byNetwork = new Throttle({ most: 60, windowMs, memory, name: 'device codes by network' })

  /** `ip`: where the request comes from, which the person is told. Throws OAuthError. */
  return async (request: FormRequest, ip: string): Promise<DeviceAuthorization> => {
    const { body, authorizationHeaders, hostApi } = request
    const form = new Form(body ?? Buffer.alloc(0)) // with the client in the header it may be empty
    const parameters = form.once(['scope', ...clientParameters])
    const client = await requireClient(deps, { authorizationHeaders, parameters })
    requireGrant(client, grantTypes.deviceCode)
    const scope = parameters.get('scope')
    const api = personApi(config, client, { resources: form.all('resource'), scope, hostApi })
    const scopes = personScopes(api, client, scope)
    const proven = provenKey(deps, request)
    const waitMs = client.public ? byNetwork.waitFor(networkOf(ip), now()) : 0
    if (waitMs > 0) throw tooMany(waitMs, 'too many device codes from one network')
    const made = await makeDeviceCode(
      store,
      box,
      {
        client_id: client.id,
        api: api.name,
        scopes: scopes.join(' '),
        jkt: proven?.thumbprint ?? null,
        ip,
      },
      now(),
    )
    if (!made) throw tooMany(lifetimeSeconds * 1000, `client ${client.id} has too many device codes`)
    const verificationUri = `${config.issuer}/device`
    const userCode = writeUserCode(made.userCode)
    return {
      answer: {
        device_code: made.deviceCode,
        user_code: userCode,
        verification_uri: verificationUri,
        verification_uri_complete: `${verificationUri}?user_code=${userCode}`,
        expires_in: lifetimeSeconds,
        interval: intervalSeconds,
      },
      nonce: proven?.nonce,
    }
  }
}
