// The checks of an authorization request in their order: which endpoint runs each, and where its refusal is told.
import { grantTypes } from '../../clients/settings.ts'
import { matchRedirectUri } from '../../clients/redirect-uri.ts'
import { resolveClient } from '../../clients/resolve.ts'
import type { ClientRecord } from '../../store/store.ts'
import { OAuthError } from '../errors.ts'
import type { Form } from '../form.ts'
import type { OAuthDeps } from '../grant.ts'
import { readIdTokenHint } from '../id-token.ts'
import { isChallenge } from '../pkce.ts'
import { loadPushedRequest } from '../pushed-requests.ts'
import { personScopes } from '../scope.ts'
import { personApi } from '../target.ts'
import {
  type AuthorizationRequest,
  type Draft,
  type Prompt,
  type ReplyTo,
  promptValues,
  queryOf,
  requestParameters,
} from './request.ts'

type Check = (deps: OAuthDeps, draft: Draft) => void | Promise<void>

/** Where a request comes in. */
export type Endpoint = 'authorize' | 'par'

const invalid = (description: string, reason?: string): OAuthError =>
  new OAuthError('invalid_request', description, reason === undefined ? {} : { reason })

const clientOf = ({ client }: Draft): ClientRecord => client as ClientRecord // after checkClient

const checkClient: Check = async (deps, draft) => {
  const clientId = draft.form.once(['client_id']).get('client_id')
  if (clientId === undefined) throw invalid('The client_id is missing')
  const client = await resolveClient(deps, clientId)
  if (!client || client.organization?.suspended) throw new OAuthError('invalid_client', 'There is no such client')
  draft.client = client
}

/** What is longer than sign-in carries back (accounts/return-to.ts) would be lost on the way. */
const maxQueryLength = 5000
const checkLength: Check = (_deps, { form }) => {
  if (queryOf(form).length > maxQueryLength)
    throw invalid(`The request is longer than ${maxQueryLength} characters: push it (RFC 9126)`)
}

/** RFC 9126 §4: the pushed parameters take the place of what the browser brings. */
const checkPushedRequest: Check = async ({ store, now }, draft) => {
  const requestUri = draft.form.once(['request_uri']).get('request_uri')
  if (requestUri === undefined) {
    if (clientOf(draft).parRequired) throw invalid('This client must push its authorization requests (RFC 9126)')
    return
  }
  const pushed = await loadPushedRequest(store, clientOf(draft).id, requestUri, now())
  if (!pushed) throw invalid('The request_uri is unknown, has expired, or was used')
  draft.form = pushed
}

const refuseRequestUri: Check = (_deps, { form }) => {
  if (form.all('request_uri').length > 0) throw invalid('A request_uri cannot be pushed (RFC 9126 §2.1)')
}

/** Exact comparison (RFC 9700 §2.1); without one, the only one there is. */
const checkRedirectUri: Check = (_deps, draft) => {
  const named = draft.form.once(['redirect_uri']).get('redirect_uri')
  const { redirectUris } = clientOf(draft)
  const [only, ...others] = redirectUris
  const found = named === undefined ? (others.length === 0 ? only : undefined) : matchRedirectUri(redirectUris, named)
  if (found === undefined)
    throw invalid(
      named === undefined
        ? 'The redirect_uri is missing'
        : 'The redirect_uri is not one that is registered for this client',
    )
  draft.redirectUri = found
  draft.namedRedirectUri = named ?? null
}

/** Where the answer goes must be known before any other mistake is told. */
const checkReply: Check = (_deps, draft) => {
  const [state, second] = draft.form.all('state')
  draft.state = second === undefined ? state : undefined
  const [mode = 'query', another] = draft.form.all('response_mode')
  draft.mode = mode === 'form_post' && another === undefined ? 'form_post' : 'query'
}

const checkRepetition: Check = (_deps, draft) => {
  draft.parameters = draft.form.once(requestParameters)
}

const checkResponseType: Check = (_deps, { parameters }) => {
  const type = parameters.get('response_type')
  if (type === undefined) throw invalid('The response_type is missing')
  if (type !== 'code') throw new OAuthError('unsupported_response_type', 'The only response_type here is code')
}

const checkResponseMode: Check = (_deps, { parameters }) => {
  const mode = parameters.get('response_mode')
  if (mode !== undefined && mode !== 'query' && mode !== 'form_post')
    throw invalid('The response_mode is query or form_post')
}

const checkGrantType: Check = (_deps, draft) => {
  if (!clientOf(draft).grants.includes(grantTypes.authorizationCode))
    throw new OAuthError('unauthorized_client', 'This client may not use the authorization code grant')
}

const refuseRequestObject: Check = (_deps, { parameters }) => {
  if (parameters.has('request')) throw new OAuthError('request_not_supported', 'Request objects are not taken here')
}

/** RFC 7636 §4.4.1, RFC 9700 §2.1.1. */
const checkPkce: Check = (_deps, draft) => {
  const { parameters } = draft
  const challenge = parameters.get('code_challenge')
  const method = parameters.get('code_challenge_method')
  const { public: isPublic, pkce } = clientOf(draft)
  if (challenge === undefined) {
    if (method !== undefined) throw invalid('The code_challenge is missing')
    if (isPublic || pkce === 'required')
      throw invalid('PKCE is required: send code_challenge and code_challenge_method=S256')
    draft.codeChallenge = null
    return
  }
  if (method !== 'S256') throw invalid('The code_challenge_method must be S256')
  if (!isChallenge(challenge)) throw invalid('The code_challenge is not the base64url of a SHA-256')
  draft.codeChallenge = challenge
}

const isPrompt = (value: string): value is Prompt => (promptValues as readonly string[]).includes(value)

/** OpenID Connect Core §3.1.2.1. */
const checkPrompt: Check = (_deps, draft) => {
  const values = draft.parameters.get('prompt')?.split(' ') ?? []
  if (!values.every(isPrompt)) throw invalid(`The prompt is among ${promptValues.join(', ')}`)
  draft.prompt = new Set(values)
  if (draft.prompt.has('none') && draft.prompt.size > 1) throw invalid('The prompt none goes with no other')
}

const checkMaxAge: Check = (_deps, draft) => {
  const text = draft.parameters.get('max_age')
  if (text !== undefined && !/^\d{1,9}$/.test(text)) throw invalid('The max_age must be a whole number of seconds')
  draft.maxAgeSeconds = text === undefined ? undefined : Number(text)
}

const checkResource: Check = ({ config }, draft) => {
  draft.api = personApi(config, clientOf(draft), {
    resources: draft.form.all('resource'),
    scope: draft.parameters.get('scope'),
    hostApi: draft.hostApi,
  })
}

const checkScope: Check = (_deps, draft) => {
  const api = draft.api as AuthorizationRequest['api'] // after checkResource
  draft.scopes = personScopes(api, clientOf(draft), draft.parameters.get('scope'))
  if (draft.scopes.includes('openid') && draft.namedRedirectUri === null)
    throw invalid('The redirect_uri is missing (OpenID Connect Core §3.1.2.1)')
}

const checkTexts: Check = (_deps, draft) => {
  const { parameters } = draft
  for (const [name, most] of [
    ['state', 2000],
    ['nonce', 500],
    ['login_hint', 254],
  ] as const)
    if ((parameters.get(name)?.length ?? 0) > most) throw invalid(`The ${name} is longer than ${most} characters`)
  draft.nonce = parameters.get('nonce') ?? null
  draft.loginHint = parameters.get('login_hint')
}

/** OpenID Connect Core §3.1.2.1: whom the client expects, by an id_token that it was given, even one that has ended. */
const checkIdTokenHint: Check = async (deps, draft) => {
  const text = draft.parameters.get('id_token_hint')
  const hint = text === undefined ? undefined : await readIdTokenHint(deps, text)
  if (text !== undefined && hint?.clientId !== clientOf(draft).id)
    throw invalid('The id_token_hint is not an id_token of this client')
  draft.expectedSubject = hint?.subject ?? null
}

const checkDpopKey: Check = (_deps, draft) => {
  const thumbprint = draft.parameters.get('dpop_jkt')
  if (thumbprint !== undefined && !isChallenge(thumbprint))
    throw invalid('The dpop_jkt is not the base64url of a SHA-256 (RFC 9449 §10)')
  draft.thumbprint = thumbprint ?? null
}

const both: readonly Endpoint[] = ['authorize', 'par']

/** Until the redirect URI is known, a refusal is shown; from then on it goes to the client. At PAR it is always answered. */
const table: readonly [check: Check, at: readonly Endpoint[], told: 'shown' | 'sent'][] = [
  [checkClient, both, 'shown'],
  [checkLength, ['authorize'], 'shown'],
  [checkPushedRequest, ['authorize'], 'shown'],
  [refuseRequestUri, ['par'], 'shown'],
  [checkRedirectUri, both, 'shown'],
  [checkReply, both, 'shown'],
  [checkRepetition, both, 'sent'],
  [checkResponseType, both, 'sent'],
  [checkResponseMode, both, 'sent'],
  [checkGrantType, both, 'sent'],
  [refuseRequestObject, both, 'sent'],
  [checkPkce, both, 'sent'],
  [checkPrompt, both, 'sent'],
  [checkMaxAge, both, 'sent'],
  [checkTexts, both, 'sent'],
  [checkIdTokenHint, both, 'sent'],
  [checkDpopKey, both, 'sent'],
  [checkResource, both, 'sent'],
  [checkScope, both, 'sent'],
]

export type Checked = { request: AuthorizationRequest } | { error: OAuthError; replyTo: ReplyTo | undefined }

/** Runs the checks of the endpoint. `replyTo` undefined: the error may be shown, and sent nowhere. Throws for faults alone. */
export const checkAuthorizationRequest = async (
  deps: OAuthDeps,
  endpoint: Endpoint,
  form: Form,
  hostApi: Draft['hostApi'],
): Promise<Checked> => {
  const draft: Draft = { form, parameters: new Map(), hostApi }
  for (const [check, at, told] of table) {
    if (!at.includes(endpoint)) continue
    try {
      await check(deps, draft)
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error
      return { error, replyTo: told === 'sent' ? (draft as ReplyTo) : undefined }
    }
  }
  return { request: draft as AuthorizationRequest & Draft }
}
