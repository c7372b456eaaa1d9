// RFC 8707 §2, RFC 8693 §2.1: which API a token is for.
import type { Api, Config } from '../config/config.ts'
import type { ClientRecord } from '../store/store.ts'
import { OAuthError } from './errors.ts'
import { delegableScopes, requestedScopes } from './scope.ts'

export interface TargetRequest {
  /** Values of `resource`: an API's exact audience. */
  resources: readonly string[]
  /** Values of `audience`: an API's name or audience. */
  audiences: readonly string[]
  /** The API that was granted already; the request may name it and no other. */
  granted?: Api | undefined
  /** The API of the host that was called. */
  hostApi: Api | undefined
  /** APIs that the client is held to; null: not held. */
  heldTo: readonly string[] | null
}

const invalidTarget = (description: string): OAuthError => new OAuthError('invalid_target', description)

/** The API that the request names, else that of the host, else the only one that the client may use, else the default. Throws `invalid_target`. */
export const targetApi = (config: Config, { resources, audiences, granted, hostApi, heldTo }: TargetRequest): Api => {
  const apis = [...config.apis.values(), config.management]
  const named = [
    ...resources.map((resource) => apis.find(({ audience }) => audience === resource)),
    ...audiences.map((name) => apis.find((api) => api.name === name || api.audience === name)),
  ]
  if (named.includes(undefined)) throw invalidTarget('There is no API with this resource or audience')
  const [first, ...others] = named
  if (others.some((other) => other !== first)) throw invalidTarget('A token is for one API: send one resource')
  if (granted && first !== undefined && first !== granted) throw invalidTarget('What was granted is for another API')
  const only = heldTo?.length === 1 ? apis.find(({ name }) => name === heldTo[0]) : undefined
  const api = granted ?? first ?? hostApi ?? only ?? config.defaultApi
  if (!api) throw invalidTarget('Send the resource that the token is for: the identifier of an API')
  return api
}

/** Holds whatever a client gets to the APIs and the environment of the client. Throws `invalid_target`. */
export const requireReach = ({ id, apis, environment }: ClientRecord, api: Api): void => {
  if (apis !== null && !apis.includes(api.name))
    throw new OAuthError('invalid_target', 'This client may not have tokens for this API', {
      reason: `client ${id} is held to ${apis.join(', ')}, not ${api.name}`,
    })
  if (!api.environments.has(environment))
    throw new OAuthError('invalid_target', `The API ${api.name} does not serve the environment ${environment}`, {
      reason: `client ${id} belongs to ${environment}`,
    })
}

/** What a client asks a person for: the API, and the scopes there. */
export interface PersonRequest {
  /** Values of `resource`. */
  resources: readonly string[]
  /** The `scope` parameter. */
  scope: string | undefined
  /** The API of the host that was called. */
  hostApi: Api | undefined
}

/** The API for which a person is asked (RFC 8707 §2.1); of a request about the person alone, Latchkey itself. Throws OAuthError. */
export const personApi = (config: Config, client: ClientRecord, { resources, scope, hostApi }: PersonRequest): Api => {
  const own = delegableScopes(config.management, client)
  const ownAlone = requestedScopes(scope)?.every((asked) => own.includes(asked)) === true
  const isOpen = resources.length === 0 && hostApi === undefined && client.apis?.length !== 1 && !config.defaultApi
  const api =
    isOpen && ownAlone
      ? config.management
      : targetApi(config, { resources, audiences: [], hostApi, heldTo: client.apis })
  if (!api.profile.accepts.includes('oauth_token'))
    throw invalidTarget(`The API ${api.name} does not accept such tokens`)
  requireReach(client, api)
  return api
}
