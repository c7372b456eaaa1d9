// The pages of choosing a new password.
import { html, layout } from '../../http/page.ts'
import type { PasswordReset } from './reset.ts'
import { type PersonMistakes, askedPage, emailField, hiddenFields, personForm, summary } from '../joining-pages.ts'

export const resetPage = (
  given: { email: string; formToken: string },
  wrong: { message?: string; email?: string } = {},
): string =>
  layout(
    'Choose a new password',
    html`<p class="lead">We send a link to the address of your account.</p>
      ${summary(wrong.message)}
      <form method="post" action="/reset">
        ${hiddenFields({ form_token: given.formToken })} ${emailField(given.email, wrong.email)}
        <button type="submit">Send link</button>
      </form>
      <p class="foot hint">You remember it? <a href="/login">Sign in</a>.</p>`,
  )

export const resetAskedPage = (email: string, shown: boolean): string =>
  askedPage(
    'Look into your mailbox',
    html`<p>If there is an account with the address <strong>${email}</strong>, a link to choose a new password is on its way to it. It works once, within an hour.</p>`,
    shown,
  )

export const newPasswordPage = (
  { token, email }: { token: string; email: string },
  mistakes?: PersonMistakes,
): string =>
  layout(
    'Choose a new password',
    html`<p class="lead">Whoever is signed in as you is signed out.</p>
      ${personForm({ action: '/reset/password', hidden: { token }, email, name: undefined, button: 'Save password' }, mistakes)}`,
  )

export const newPasswordDonePage = (email: string, { endedFormerWays }: PasswordReset): string =>
  layout(
    'Your password is set',
    html`<p role="status">
        From now on you sign in as <strong>${email}</strong> with it. Whoever was signed in as you is signed out.
      </p>
      <a class="button" href="/login?login_hint=${encodeURIComponent(email)}">Sign in</a>
      <p class="foot hint">
        ${
          endedFormerWays
            ? 'Nobody had shown before that this address is theirs. So tokens, applications and other ways to sign in that were there have ended too.'
            : 'Tokens and applications that act for you still do. Look through them under Account if somebody else may have known your password.'
        }
      </p>`,
  )

/** The same for a link that is over, was used, or never was one. */
export const goneResetPage = (): string =>
  layout(
    'This link does not work',
    html`<p>It is over, was used already, or is not complete. Such links work once, within an hour.</p>
      <a class="button" href="/reset">Send another link</a>`,
  )

export const noMailPage = (title: string): string =>
  layout(
    title,
    html`<p>There is no mail server here, so no link can be sent. An operator has to give you one.</p>
      <a class="button" href="/login">Back to the sign-in</a>`,
  )
