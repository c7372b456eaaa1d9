// What the person is asked: who wants what, for which organization, and where the browser goes next.
import type { Session } from '../../accounts/sessions.ts'
import { Html, html, layout } from '../../http/page.ts'
import { scopeWords } from '../../config/scope-words.ts'
import type { Api } from '../../config/config.ts'
import type { ClientRecord } from '../../store/store.ts'
import type { OAuthError } from '../errors.ts'
import type { Choice } from './next-step.ts'
import type { ReplyTo } from './request.ts'
import { type AnswerParameters, redirectTarget } from './respond.ts'

/** An API in the words that the person reads. */
export const apiWords = ({ name, upstreams }: Api): string =>
  upstreams.values().next().value?.kind === 'management' ? 'Latchkey' : name

/** Whose account it is about, and the way to another. `here`: the path of the page, to come back to. */
export const accountLine = (email: string, here: string): Html =>
  html`<p class="account">
    <span>Signed in as <strong>${email}</strong></span>
    <a href="/login?prompt=login&amp;return_to=${encodeURIComponent(here)}">Use another account</a>
  </p>`

/** Who asks: the name is the client's own word, so that what is known for certain stands beside it. */
export const clientFacts = ({
  id,
  name,
  registration,
  uri,
}: Pick<ClientRecord, 'id' | 'name' | 'registration' | 'uri'>): Html => {
  const host = (url: string): string => new URL(url).host
  switch (registration) {
    case 'document':
      return html`<strong>${name}</strong> <span class="hint">(${host(id)})</span>`
    case 'dynamic':
      return html`<strong>${name}</strong>
        <span class="hint">(registered by itself${uri === null ? '' : `, says to be ${host(uri)}`})</span>`
    default:
      return uri === null
        ? html`<strong>${name}</strong>`
        : html`<strong>${name}</strong> <span class="hint">(${host(uri)})</span>`
  }
}

export const scopeList = (api: Api, scopes: readonly string[]): Html =>
  scopes.length === 0
    ? html`<p>It asks for no rights besides knowing that you have signed in.</p>`
    : html`<ul class="scopes">
        ${scopes.map((scope) => html`<li>${scopeWords(api, scope)}</li>`)}
      </ul>`

/** An operator who lets a client manage everything everywhere gives away more than other people do. */
export const operatorNotice = (scopes: readonly string[], operator: boolean): Html | undefined =>
  operator && scopes.includes('manage')
    ? html`<p class="notice">
        You are an operator. For all of your organizations at once, it has your powers as an operator too: over every
        user and organization, and over the signing keys.
      </p>`
    : undefined

/** Which organization the tokens are for. `all`: whether all at once may be chosen. */
export const organizationField = (choices: readonly Choice[], all: boolean): Html | undefined => {
  const [only, ...others] = choices
  if (only === undefined) return all ? html`<input type="hidden" name="organization" value="all" />` : undefined
  if (others.length === 0 && !all)
    return html`<p>For the organization <strong>${only.name}</strong>.</p>
      <input type="hidden" name="organization" value="${only.id}" />`
  return html`<div class="field">
    <label for="organization">Organization</label>
    <select id="organization" name="organization" required>
      ${all ? html`<option value="all">All of my organizations</option>` : undefined}
      ${choices.map(({ id, name }) => html`<option value="${id}">${name}</option>`)}
    </select>
  </div>`
}

const destination = (redirectUri: string): Html => {
  const { protocol, hostname, host } = new URL(redirectUri)
  if (protocol !== 'http:' && protocol !== 'https:')
    return html`the app on this device that opens <code>${protocol}</code>`
  return protocol === 'http:'
    ? html`a program on this computer (<code>${hostname}</code>)`
    : html`<strong>${host}</strong>`
}

export interface ConsentQuestion {
  client: ClientRecord
  api: Api
  scopes: readonly string[]
  choices: readonly Choice[]
  redirectUri: string
  session: Pick<Session, 'email' | 'operator'>
  /** The query of the request, which the form carries on. */
  query: string
  formToken: string
}

export const consentPage = (question: ConsentQuestion): string => {
  const { client, api, scopes, choices, redirectUri, session, query, formToken } = question
  return layout(
    `Allow ${client.name}?`,
    html`<p class="lead">${clientFacts(client)} asks for access to <strong>${apiWords(api)}</strong> in your name.</p>
      ${accountLine(session.email, `/oauth/authorize?${query}`)}
      <h2>It may</h2>
      ${scopeList(api, scopes)} ${operatorNotice(scopes, session.operator)}
      <form method="post" action="/oauth/authorize/decision?${query}">
        <input type="hidden" name="form_token" value="${formToken}" />
        ${organizationField(choices, scopes.includes('manage'))}
        <p class="hint">
          Whatever you choose, you go on to ${destination(redirectUri)}. It can never do more than you may yourself, and
          you can take this back at any time under Account, Connected applications.
        </p>
        <div class="actions">
          <button type="submit" name="decision" value="allow">Allow</button>
          <button type="submit" name="decision" value="deny" class="secondary" formnovalidate>Deny</button>
        </div>
      </form>`,
  )
}

/** An authorization request that must not be answered to anybody but the person. */
export const refusedPage = (description: string, error: string, requestId: string): string =>
  layout(
    'This request cannot be answered',
    html`<p class="summary" role="alert">${description}.</p>
      <p>
        The application that sent you here has made a mistake, or its address was changed on the way. Nothing has been
        shared with it. Go back to it and try again; if that does not help, tell its makers this:
      </p>
      <dl>
        <dt>Error</dt>
        <dd><code>${error}</code></dd>
        <dt>Request</dt>
        <dd><code>${requestId}</code></dd>
      </dl>`,
  )

/** An answer to a site that nobody here vouches for: the person sends it on, or not (RFC 9700 §4.11.2). */
export const onwardPage = (to: ReplyTo, { error, description }: OAuthError, parameters: AnswerParameters): string => {
  const site = destination(to.redirectUri)
  return layout(
    'This request cannot be answered',
    html`<p class="summary" role="alert">${description}.</p>
      <p>
        You come from <strong>${to.client.name}</strong>, which nobody here knows. Close this page, or tell ${site} that it
        did not work.
      </p>
      <dl>
        <dt>Error</dt>
        <dd><code>${error}</code></dd>
      </dl>
      ${
        to.mode === 'form_post'
          ? answerForm(to.redirectUri, parameters, html`Go on to ${site}`)
          : html`<a class="button secondary" href="${redirectTarget(to, parameters)}">Go on to ${site}</a>`
      }`,
  )
}

/** The form was made too long ago, for somebody else, or was sent twice. */
export const expiredPage = (query: string): string =>
  layout(
    'This page has expired',
    html`<p role="alert">Nothing has been allowed. The page was open for too long, or was answered already.</p>
      <a class="button" href="/oauth/authorize?${query}">Look at the request again</a>`,
  )

/** The one line of script on any page: it sends the form of `formPostPage`. */
export const submitScript = 'document.forms[0].submit()'

const answerForm = (redirectUri: string, parameters: AnswerParameters, button: Html): Html =>
  html`<form method="post" action="${redirectUri}">
    ${Object.entries(parameters).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}
    <button type="submit">${button}</button>
  </form>`

/** OAuth 2.0 Form Post Response Mode: the answer as a form; without JavaScript, at a press of the button. */
export const formPostPage = (redirectUri: string, parameters: AnswerParameters): string =>
  layout(
    'One more step',
    html`<p>You are being sent on.</p>
      ${answerForm(redirectUri, parameters, html`Continue`)} ${new Html(`<script>${submitScript}</script>`)}`,
  )
