// OpenID Connect RP-Initiated Logout §2, §3: what a request to sign out says, and where it may lead afterwards.
import type { Session } from '../accounts/sessions.ts'
import { resolveClient } from '../clients/resolve.ts'
import type { SecretBox } from '../secret-box.ts'
import type { ClientRecord } from '../store/store.ts'
import { OAuthError } from './errors.ts'
import type { Form } from './form.ts'
import type { OAuthDeps } from './grant.ts'
import { readIdTokenHint } from './id-token.ts'
import { subjectOf } from './subject.ts'

/** What is read; everything else is passed over. */
const parameterNames = ['id_token_hint', 'client_id', 'post_logout_redirect_uri', 'state']

const maxStateLength = 2000

export interface LogoutRequest {
  /** undefined: the request does not say who sends the person. */
  client: ClientRecord | undefined
  /** Whom the client was told in a genuine id_token. */
  subject: string | undefined
  /** One of the client's own; undefined: a page here says that it is done. */
  redirectUri: string | undefined
  state: string | undefined
}

const invalid = (description: string): OAuthError => new OAuthError('invalid_request', description)

/** Throws `invalid_request`, which is shown and sent nowhere. */
export const checkLogout = async (deps: OAuthDeps, form: Form): Promise<LogoutRequest> => {
  const parameters = form.once(parameterNames)
  const hint = await readIdTokenHint(deps, parameters.get('id_token_hint') ?? '')
  const clientId = parameters.get('client_id') ?? hint?.clientId
  const client = clientId === undefined ? undefined : await resolveClient(deps, clientId)
  if (parameters.has('client_id')) {
    if (!client) throw invalid('There is no such client')
    if (hint !== undefined && hint.clientId !== clientId) throw invalid('The id_token_hint is of another client')
  }
  const redirectUri = parameters.get('post_logout_redirect_uri')
  if (redirectUri !== undefined && client?.postLogoutRedirectUris.includes(redirectUri) !== true)
    throw invalid(
      client
        ? 'The post_logout_redirect_uri is not one that is registered for this client'
        : 'A post_logout_redirect_uri needs the client_id, or an id_token_hint of ours',
    )
  const state = parameters.get('state')
  if (state !== undefined && state.length > maxStateLength)
    throw invalid(`The state is longer than ${maxStateLength} characters`)
  return { client, subject: hint?.subject, redirectUri, state }
}

/** Whether the client has shown that it knows this very person (§2): nobody else could sign them out unasked. */
export const isByTheirClient = (box: SecretBox, { client, subject }: LogoutRequest, { userId }: Session): boolean =>
  client !== undefined && subject !== undefined && subjectOf(box, client, userId) === subject

/** The request as a query that says the same. */
export const logoutQueryOf = (form: Form): string =>
  new URLSearchParams(parameterNames.flatMap((name) => form.all(name).map((value) => [name, value]))).toString()
