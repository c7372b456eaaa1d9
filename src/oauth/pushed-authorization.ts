// RFC 9126 §2: a client sends its authorization request ahead, proves itself, and is told at once what is wrong with it.
import { clientParameters } from '../clients/authenticate.ts'
import { checkAuthorizationRequest } from './authorize/checks.ts'
import { queryOf } from './authorize/request.ts'
import { requireClient } from './calling-client.ts'
import { type FormRequest, parseForm } from './form.ts'
import type { OAuthDeps } from './grant.ts'
import { type PushedRequest, storePushedRequest } from './pushed-requests.ts'

/** Answers one push. Throws OAuthError. */
export const pushAuthorizationRequest = async (
  deps: OAuthDeps,
  { body, authorizationHeaders, hostApi }: FormRequest,
): Promise<PushedRequest> => {
  const form = parseForm(body)
  const client = await requireClient(deps, { authorizationHeaders, parameters: form.once(clientParameters) })
  const checked = await checkAuthorizationRequest(deps, 'par', form, hostApi)
  if ('error' in checked) throw checked.error
  // what proves the client is no part of the request, and is not kept
  return storePushedRequest(deps.store, client.id, queryOf(form), deps.now())
}
