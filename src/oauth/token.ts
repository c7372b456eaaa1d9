// RFC 6749 §3.2: the token endpoint. Five phases that every grant walks through; a grant fills in the third and what it allows at an API.
import { authenticateClient, clientParameters, type ClientRequest } from '../clients/authenticate.ts'
import type { Api } from '../config/config.ts'
import type { ClientRecord } from '../store/store.ts'
import { invalidClient, OAuthError } from './errors.ts'
import { Form, formMediaType } from './form.ts'
import type { Grant, OAuthDeps } from './grant.ts'
import { grants } from './grants.ts'
import { carriedScopes, grantedScopes, requestedScopes } from './scope.ts'
import { targetApi } from './target.ts'

export interface TokenRequest {
  /** Undefined where there is none. */
  body: Buffer | undefined
  /** Every one, as it came. */
  authorizationHeaders: readonly string[]
  /** The API of the host that was called, where it names one. */
  hostApi: Api | undefined
}

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
  /** For the log. */
  facts: { grant_type: string; api: string; kind: string; client_id: string | undefined; token_id: string }
}

const commonParameters = ['grant_type', 'scope', ...clientParameters]

/** Answers one token request. Throws OAuthError. */
export const issueToken = async (
  deps: OAuthDeps,
  { body, authorizationHeaders, hostApi }: TokenRequest,
): Promise<Issued> => {
  // 1. parse
  const form = parseForm(body)
  const grant = grantOf(form)
  const parameters = form.once([...commonParameters, ...grant.parameters])
  // 2. authenticate the client
  const client = await clientOf(deps, grant, { authorizationHeaders, parameters })
  const thumbprint = undefined
  // 3. authorize the grant
  const authorization = await grant.handle(deps, { client, parameters, thumbprint })
  // 4. API and scope
  const api = targetApi(deps.config, {
    resources: form.all('resource'),
    audiences: grant.takesAudience ? form.all('audience') : [],
    granted: authorization.api,
    hostApi,
    heldTo: client?.apis ?? null,
  })
  const kind = authorization.kinds.find((candidate) => api.profile.accepts.includes(candidate))
  if (!kind) throw new OAuthError('invalid_target', `The API ${api.name} does not accept such tokens`)
  if (client) requireReach(client, api)
  const allowed = await authorization.at(api, kind)
  const asked = requestedScopes(parameters.get('scope'))
  const granted = grantedScopes(asked, carriedScopes(api, allowed.environment, allowed.scopes))
  // 5. mint and answer
  const { token, id, expiresIn, members } = await allowed.mint(granted, { thumbprint })
  const { tokenType, echoScope } = api.profile.token
  const scope = granted.join(' ')
  const told = scope !== '' && (echoScope || (asked !== undefined && parameters.get('scope') !== scope))
  return {
    response: {
      access_token: token,
      token_type: tokenType,
      expires_in: expiresIn,
      ...(told && { scope }),
      ...members,
    },
    facts: { grant_type: grant.grantType, api: api.name, kind, client_id: client?.id, token_id: id },
  }
}

const parseForm = (body: Buffer | undefined): Form => {
  if (body === undefined || body.length === 0)
    throw new OAuthError('invalid_request', `Send the parameters in the body, as ${formMediaType}`)
  return new Form(body)
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
  const authentication = await authenticateClient(deps, request)
  switch (authentication.outcome) {
    case 'ambiguous':
      throw new OAuthError('invalid_request', authentication.detail)
    case 'failed':
      throw invalidClient(authentication.detail, authentication.challenge)
    case 'absent':
      if (grant.needsClient) throw invalidClient('no client authentication was sent', false)
      return undefined
    case 'authenticated': {
      const { client } = authentication
      if (!client.grants.includes(grant.grantType))
        throw new OAuthError('unauthorized_client', 'This client may not use this grant type', {
          reason: `client ${client.id} lacks the grant ${grant.grantType}`,
        })
      return client
    }
  }
}

/** Holds whatever a client gets to the APIs and the environment of the client. */
const requireReach = ({ id, apis, environment }: ClientRecord, api: Api): void => {
  if (apis !== null && !apis.includes(api.name))
    throw new OAuthError('invalid_target', 'This client may not have tokens for this API', {
      reason: `client ${id} is held to ${apis.join(', ')}, not ${api.name}`,
    })
  if (!api.environments.has(environment))
    throw new OAuthError('invalid_target', `The API ${api.name} does not serve the environment ${environment}`, {
      reason: `client ${id} belongs to ${environment}`,
    })
}
