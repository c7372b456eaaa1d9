// RFC 6749 §3.2: the token endpoint. Six phases that every grant walks through; a grant fills in the fourth and what it allows at an API.
import { clientParameters, type ClientRequest } from '../clients/authenticate.ts'
import type { ClientRecord } from '../store/store.ts'
import type { Api } from '../config/config.ts'
import { takesDpop } from '../profiles/profile.ts'
import { callingClient, requireClient, requireGrant } from './calling-client.ts'
import { provenKey } from './dpop.ts'
import { OAuthError } from './errors.ts'
import { type Form, type FormRequest, parseForm } from './form.ts'
import type { Grant, IssuedKind, OAuthDeps } from './grant.ts'
import { grants } from './grants.ts'
import { carriedScopes, grantedScopes, requestedScopes } from './scope.ts'
import { requireReach, targetApi } from './target.ts'

/** RFC 6749 §5.1, RFC 8693 §2.2.1. */
interface TokenResponse {
  access_token: string
  token_type: string
  /** Seconds. */
  expires_in: number
  scope?: string
  refresh_token?: string
  id_token?: string
  issued_token_type?: string
}

export interface Issued {
  response: TokenResponse
  /** For the client's next DPoP proof (RFC 9449 §8.2). */
  nonce: string | undefined
  /** For the log. */
  facts: { grant_type: string; api: string; kind: string; client_id: string | undefined; token_id: string }
}

const commonParameters = ['grant_type', 'scope', ...clientParameters]

/** Answers one token request. Throws OAuthError. */
export const issueToken = async (deps: OAuthDeps, request: FormRequest): Promise<Issued> => {
  // 1. parse
  const form = parseForm(request.body)
  const grant = grantOf(form)
  const parameters = form.once([...commonParameters, ...grant.parameters])
  // 2. authenticate the client
  const client = await clientOf(deps, grant, { authorizationHeaders: request.authorizationHeaders, parameters })
  // 3. the key that tokens are bound to
  const proven = provenKey(deps, request)
  if (client?.dpopBound && !proven)
    throw new OAuthError('invalid_dpop_proof', 'This client gets no token without a DPoP proof')
  const thumbprint = proven?.thumbprint
  // 4. authorize the grant
  const authorization = await grant.handle(deps, { client, parameters, thumbprint, caller: request.caller })
  // 5. API and scope
  const api = targetApi(deps.config, {
    resources: form.all('resource'),
    audiences: grant.takesAudience ? form.all('audience') : [],
    granted: authorization.api,
    hostApi: request.hostApi,
    heldTo: client?.apis ?? null,
  })
  const kind = authorization.kinds.find((candidate) => api.profile.accepts.includes(candidate))
  if (!kind) throw new OAuthError('invalid_target', `The API ${api.name} does not accept such tokens`)
  if (proven) requireBindable(api, kind)
  if (client) requireReach(client, api)
  const allowed = await authorization.at(api, kind)
  const asked = requestedScopes(parameters.get('scope'))
  const { delegated = false } = authorization
  // a person's grant was held to what its API carries when it was made
  const carried = delegated ? allowed.scopes : carriedScopes(api, allowed.environment, allowed.scopes)
  const granted = grantedScopes(asked, carried)
  // 6. mint and answer
  const { token, id, expiresIn, members } = await allowed.mint(granted, { thumbprint })
  const { tokenType, echoScope } = api.profile.token
  const scope = granted.join(' ')
  const told = scope !== '' && (echoScope || delegated || (asked !== undefined && parameters.get('scope') !== scope))
  return {
    response: {
      access_token: token,
      token_type: proven ? 'DPoP' : tokenType,
      expires_in: expiresIn,
      ...(told && { scope }),
      ...members,
    },
    nonce: proven?.nonce,
    facts: { grant_type: grant.grantType, api: api.name, kind, client_id: client?.id, token_id: id },
  }
}

const grantOf = (form: Form): Grant => {
  const grantType = form.once(['grant_type']).get('grant_type')
  if (grantType === undefined) throw new OAuthError('invalid_request', 'Send grant_type')
  const grant = grants.get(grantType)
  if (!grant) throw new OAuthError('unsupported_grant_type', `The grant types are ${[...grants.keys()].join(', ')}`)
  return grant
}

/** The client, which may use the grant; undefined where the grant goes without one and none was sent. */
const clientOf = async (deps: OAuthDeps, grant: Grant, request: ClientRequest): Promise<ClientRecord | undefined> => {
  const client = await (grant.needsClient ? requireClient : callingClient)(deps, request)
  if (client) requireGrant(client, grant.grantType)
  return client
}

/**
 * RFC 9449 §5: whoever sends a proof wants a bound token, and would have to throw an unbound one away; a bound one would be of no
 * use at an API that takes no proofs.
 */
const requireBindable = (api: Api, kind: IssuedKind): void => {
  if (kind === 'cwt')
    throw new OAuthError(
      'invalid_request',
      'A CBOR Web Token cannot be bound to a key: ask for a JWT, or send no DPoP proof',
    )
  if (!takesDpop(api.profile))
    throw new OAuthError(
      'invalid_target',
      `The API ${api.name} takes no tokens that are bound to a key: send no DPoP proof`,
    )
}
