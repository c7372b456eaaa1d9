// RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1: what an authorization request says, and what is known of it once it has been checked.
import type { Api } from '../../config/config.ts'
import type { ClientRecord } from '../../store/store.ts'
import type { Form } from '../form.ts'

/** What is read of a request; everything else is passed over (RFC 6749 §3.1). `resource` too, which may be repeated. */
export const requestParameters = [
  'client_id',
  'redirect_uri',
  'response_type',
  'response_mode',
  'scope',
  'state',
  'nonce',
  'prompt',
  'max_age',
  'login_hint',
  'id_token_hint',
  'code_challenge',
  'code_challenge_method',
  'dpop_jkt',
  'request',
  'request_uri',
] as const

export const responseModes = ['query', 'form_post'] as const
type ResponseMode = (typeof responseModes)[number]

export const promptValues = ['none', 'login', 'consent', 'select_account'] as const
export type Prompt = (typeof promptValues)[number]

/** Where answers go: known before anything else is, so that errors reach the client. */
export interface ReplyTo {
  client: ClientRecord
  redirectUri: string
  mode: ResponseMode
  state: string | undefined
}

export interface AuthorizationRequest extends ReplyTo {
  /** As the request named it; null: it named none. */
  namedRedirectUri: string | null
  api: Api
  /** What is asked for: all of it may be granted. */
  scopes: readonly string[]
  codeChallenge: string | null
  nonce: string | null
  prompt: ReadonlySet<Prompt>
  maxAgeSeconds: number | undefined
  loginHint: string | undefined
  /** Of `id_token_hint`: nobody else may be answered for (OpenID Connect Core §3.1.2.2). */
  expectedSubject: string | null
  /** `dpop_jkt` (RFC 9449 §10). */
  thumbprint: string | null
}

/** Filled in check by check. */
export interface Draft extends Partial<AuthorizationRequest> {
  form: Form
  /** Of `form`, each at most once. */
  parameters: ReadonlyMap<string, string>
  /** The API of the host that was called. */
  hostApi: Api | undefined
}

/** The request as a query that says the same: what the browser carries through sign-in and consent. */
export const queryOf = (form: Form): string => {
  const query = new URLSearchParams()
  for (const name of [...requestParameters, 'resource']) for (const value of form.all(name)) query.append(name, value)
  return query.toString()
}
