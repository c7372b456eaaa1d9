// RFC 7662 §2.1: who may ask about tokens, and of which it is told.
import { clientParameters } from '../clients/authenticate.ts'
import type { Api } from '../config/config.ts'
import type { CallerFacts, Decision, Principal } from '../verify/decision.ts'
import { requireClient } from './calling-client.ts'
import { invalidClient, OAuthError } from './errors.ts'
import type { FormRequest } from './form.ts'
import type { OAuthDeps } from './grant.ts'
import { grantedApi } from './person-grant.ts'

export interface IntrospectionCaller {
  /** The APIs that it serves: it is told of whatever is good there. */
  serves: readonly Api[]
  /** The client that it is: it is told of what was issued to it, for whichever API. */
  clientId: string | undefined
}

const scopes = ['introspect']

const present = (deps: OAuthDeps, names: readonly string[]): Api[] =>
  names.map((name) => grantedApi(deps.config, name)).filter((api) => api !== undefined)

/** §2.3, RFC 6750 §3: 401 for a token without the scope too. */
const refused = ({ code, reason: { detail } }: Decision & { valid: false }): OAuthError => {
  const error = code === 'insufficient_scope' ? code : 'invalid_token'
  const more = code === 'insufficient_scope' ? `, scope="${scopes.join(' ')}"` : ''
  return new OAuthError(error, 'Send an API key with the scope introspect, or authenticate as a client', {
    status: 401,
    headers: { 'www-authenticate': `Bearer realm="latchkey", error="${error}"${more}` },
    reason: detail,
  })
}

/** A key with the reserved scope `introspect`. Throws OAuthError. */
const callingKey = async (deps: OAuthDeps, credential: string, caller: CallerFacts): Promise<Principal> => {
  const decision = await deps.verifier.judge(deps.config.management, { credential, caller, scopes })
  if (decision.valid) return decision.principal
  // one that is held to other APIs than Latchkey's own asks for these: it is judged there, and spends nothing
  if (decision.reason.check === 'api' && decision.principal)
    for (const api of present(deps, decision.principal.apis ?? [])) {
      const held = await deps.verifier.judge(api, { credential, caller, scopes, exchange: decision.principal.kind })
      if (held.valid) return held.principal
    }
  throw refused(decision)
}

/** Throws OAuthError: 401 where the caller does not prove itself. */
export const introspectionCaller = async (
  deps: OAuthDeps,
  { authorizationHeaders, caller }: FormRequest,
  parameters: ReadonlyMap<string, string>,
): Promise<IntrospectionCaller> => {
  const [header] = authorizationHeaders
  if (header !== undefined && authorizationHeaders.length === 1 && /^bearer /i.test(header)) {
    if (clientParameters.some((name) => parameters.has(name)))
      throw new OAuthError('invalid_request', 'Authenticate with a Bearer token or as a client, not both')
    const { apis } = await callingKey(deps, header.slice(7).trim(), caller)
    const { config } = deps
    return { serves: apis ? present(deps, apis) : [...config.apis.values(), config.management], clientId: undefined }
  }
  const client = await requireClient(deps, { authorizationHeaders, parameters })
  // anybody can name a public client (§2.1: to keep tokens from being tried out)
  if (client.public) throw invalidClient(`client ${client.id} is public`, header !== undefined)
  return { serves: present(deps, client.apis ?? []), clientId: client.id }
}
