// The page of one's own account.
import { html, type Html, layout } from '../../http/page.ts'
import { clientFacts } from '../../oauth/authorize/consent-page.ts'
import type { Access, Application } from '../applications/application.ts'
import type { Session } from '../sessions.ts'

/** What the forms of the page prove themselves with. */
export interface AccountTokens {
  signOut: string
  /** Of the button that revokes an application. */
  revoke: (clientId: string) => string
}

const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' })

const reach = ({ organization_name, organization_id, all_organizations }: Access): Html | undefined => {
  if (all_organizations) return html`, for all of your organizations,`
  return organization_id === null ? undefined : html`, for <strong>${organization_name ?? organization_id}</strong>,`
}

const accessItem = (access: Access): Html =>
  html`<p>At <strong>${access.api}</strong>${reach(access)} it may:</p>
    ${
      access.may.length === 0
        ? html`<ul><li>Know that you have signed in</li></ul>`
        : html`<ul>
            ${access.may.map((words) => html`<li>${words}</li>`)}
          </ul>`
    }`

const card = (application: Application, token: string): Html => {
  const { client_id, name, connected_at, access } = application
  return html`<li>
    <h3>${clientFacts({ ...application, id: client_id })}</h3>
    <p class="hint">Connected since ${day.format(new Date(connected_at))}.</p>
    ${access.map(accessItem)}
    <form method="post" action="/account/applications/revoke">
      <input type="hidden" name="form_token" value="${token}" />
      <input type="hidden" name="client_id" value="${client_id}" />
      <button type="submit" class="danger">Revoke <span class="unseen">the access of ${name}</span></button>
    </form>
  </li>`
}

const applications = (data: readonly Application[], more: boolean, tokens: AccountTokens): Html =>
  data.length === 0
    ? html`<p class="hint">None. Applications that you allow to act for you stand here.</p>`
    : html`<p class="hint">
          They act in your name. What you revoke stops working at once, wherever you use it, and must ask you again.
          Keys and tokens that it made for you in Latchkey stay until you revoke those.
        </p>
        <ul class="cards">
          ${data.map((application) => card(application, tokens.revoke(application.client_id)))}
        </ul>
        ${more ? html`<p class="hint">There are more; they follow as you revoke these.</p>` : undefined}`

export type Notice = 'revoked' | 'stale'

const notices: Record<Notice, Html> = {
  revoked: html`<p class="notice" role="status">The application has no access any more.</p>`,
  stale: html`<p class="summary" role="alert">Nothing has changed: this page was open too long. Please try again.</p>`,
}

export const accountPage = (
  { name, email, operator }: Session,
  { data, next_cursor }: { data: readonly Application[]; next_cursor: string | null },
  tokens: AccountTokens,
  notice: Notice | undefined,
): string =>
  layout(
    'Your account',
    html`${notice && notices[notice]}
      <dl>
        <dt>Name</dt>
        <dd>${name}</dd>
        <dt>E-mail</dt>
        <dd>${email}</dd>
        ${
          operator
            ? html`<dt>Operator</dt>
              <dd>You may do everything on this deployment.</dd>`
            : undefined
        }
      </dl>
      <h2>Connected applications</h2>
      ${applications(data, next_cursor !== null, tokens)}
      <form method="post" action="/logout">
        <input type="hidden" name="form_token" value="${tokens.signOut}" />
        <button type="submit" class="secondary">Sign out</button>
      </form>`,
  )

export const malformedAccountPage = (): string =>
  layout(
    'This form cannot be taken',
    html`<p>What was sent is not what the page asks for. Nothing has changed.</p>
      <a class="button" href="/account">Your account</a>`,
  )
