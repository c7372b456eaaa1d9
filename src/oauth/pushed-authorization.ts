// RFC 9126 §2: a client sends its authorization request ahead, proves itself, and is told at once what is wrong with it.
import { clientParameters } from '../clients/authenticate.ts'
import { networkOf } from '../http/client-address.ts'
import { Throttle } from '../limits/throttle.ts'
import { checkAuthorizationRequest } from './authorize/checks.ts'
import { queryOf } from './authorize/request.ts'
import { requireClient } from './calling-client.ts'
import { provenKey } from './dpop.ts'
import { OAuthError } from './errors.ts'
import { type FormRequest, parseForm } from './form.ts'
import type { OAuthDeps } from './grant.ts'
import { type PushedRequest, lifetimeSeconds, storePushedRequest, tooManyPushed } from './pushed-requests.ts'

/** RFC 9449 §10.1: a proof says what `dpop_jkt` says, and must say the same where both are sent. */
const boundTo = (proven: string | undefined, named: string | null): string => {
  if (proven === undefined || proven === named) return ''
  if (named !== null) throw new OAuthError('invalid_dpop_proof', 'The DPoP proof is not by the key of dpop_jkt')
  return `&dpop_jkt=${proven}`
}

/** Pushes from one network in the name of public clients, while one of them lasts: nobody fills up what a client may have at once. */
const byNetwork = { most: 600, windowMs: lifetimeSeconds * 1000 }

/** What answers pushes. */
export const pushedAuthorization = (deps: OAuthDeps) => {
  const throttle = new Throttle({ ...byNetwork, memory: deps.memory, name: 'pushed requests' })

  /** `ip`: where the push comes from. `nonce`: for the client's next DPoP proof. Throws OAuthError. */
  return async (request: FormRequest, ip: string): Promise<PushedRequest & { nonce: string | undefined }> => {
    const { body, authorizationHeaders, hostApi } = request
    const form = parseForm(body)
    const client = await requireClient(deps, { authorizationHeaders, parameters: form.once(clientParameters) })
    const proven = provenKey(deps, request)
    const checked = await checkAuthorizationRequest(deps, 'par', form, hostApi)
    if ('error' in checked) throw checked.error
    const waitMs = client.public ? throttle.waitFor(networkOf(ip), deps.now()) : 0
    if (waitMs > 0) throw tooManyPushed(waitMs, 'too many pushes from one network')
    // what proves the client is no part of the request, and is not kept
    const query = queryOf(form) + boundTo(proven?.thumbprint, checked.request.thumbprint)
    return { ...(await storePushedRequest(deps.store, client.id, query, deps.now())), nonce: proven?.nonce }
  }
}
