// The pages of signing out at a client's wish.
import { html, layout } from '../http/page.ts'

export interface LogoutQuestion {
  email: string
  /** The client's name, where the request says who sends the person. */
  clientName: string | undefined
  /** The query of the request, which the form carries on. */
  query: string
  formToken: string
}

export const askLogoutPage = ({ email, clientName, query, formToken }: LogoutQuestion): string =>
  layout(
    'Sign out?',
    html`<p>You are signed in as <strong>${email}</strong>.</p>
      ${clientName === undefined ? undefined : html`<p><strong>${clientName}</strong> has sent you here to sign out.</p>`}
      <form method="post" action="/oauth/logout/decision?${query}">
        <input type="hidden" name="form_token" value="${formToken}" />
        <button type="submit">Sign out</button>
      </form>
      <p class="hint">To stay signed in, close this page.</p>`,
  )

/** `onward`: an address that nobody here vouches for, and its site. */
export const signedOutPage = (onward?: { address: string; site: string }): string =>
  layout(
    'You are signed out',
    html`<p>This browser is signed out of Latchkey. Applications that you use may keep you signed in themselves.</p>
      ${onward && html`<a class="button secondary" href="${onward.address}">Go on to ${onward.site}</a>`}`,
  )

export const refusedLogoutPage = (description: string): string =>
  layout(
    'This request cannot be answered',
    html`<p role="alert">${description}.</p>
      <p>
        The application that sent you here has made a mistake, or its address was changed on the way. You have not been
        signed out.
      </p>`,
  )

/** The form was made too long ago or for another session. */
export const expiredLogoutPage = (query: string): string =>
  layout(
    'This page has expired',
    html`<p role="alert">You have not been signed out.</p>
      <p><a href="/oauth/logout?${query}">Ask again</a></p>`,
  )
