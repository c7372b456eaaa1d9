// The pages of making an account.
import { html, layout } from '../../http/page.ts'
import {
  type PersonMistakes,
  askedPage,
  emailField,
  hiddenFields,
  personForm,
  signInLink,
  summary,
} from '../joining-pages.ts'

export const signUpPage = (
  given: { email: string; formToken: string },
  wrong: { message?: string; email?: string } = {},
): string =>
  layout(
    'Create an account',
    html`<p class="lead">We send a link to your address. You choose a name and a password there.</p>
      ${summary(wrong.message)}
      <form method="post" action="/signup">
        ${hiddenFields({ form_token: given.formToken })} ${emailField(given.email, wrong.email)}
        <button type="submit">Send link</button>
      </form>
      <p class="foot hint">You have an account? <a href="/login">Sign in</a>.</p>`,
  )

export const signUpAskedPage = (email: string, shown: boolean): string =>
  askedPage(
    'Look into your mailbox',
    html`<p>A message is on its way to <strong>${email}</strong>: with a link to go on, which works for 24 hours, or, if there is an account with this address, with the way to it.</p>`,
    shown,
  )

export const newAccountPage = (
  { token, email, name, formToken }: { token: string; email: string; name: string; formToken: string },
  wrong: { mistakes?: PersonMistakes; message?: string } = {},
): string =>
  layout(
    'Create your account',
    html`${summary(wrong.message)}
    ${personForm(
      { action: '/signup/account', hidden: { token, form_token: formToken }, email, name, button: 'Create account' },
      wrong.mistakes,
    )}`,
  )

export const haveAccountPage = (email: string): string =>
  layout(
    'You have an account',
    html`<p>There is an account with the address <strong>${email}</strong> already.</p>
      <a class="button" href="/login?login_hint=${encodeURIComponent(email)}">Sign in</a>
      <p class="foot hint">Forgotten its password? <a href="/reset">Choose a new one</a>.</p>`,
  )

/** Where nobody signs up by themselves. */
export const byInvitationPage = (): string =>
  layout(
    'Accounts are made by invitation',
    html`<p>Ask an owner or admin of your organization, or an operator of this Latchkey, to invite you. You get a link by e-mail, or from them.</p>
      ${signInLink}`,
  )

export const goneSignUpPage = (): string =>
  layout(
    'This link does not work',
    html`<p>It is over, or is not complete. Such links work for 24 hours.</p>
      <a class="button" href="/signup">Begin again</a>`,
  )
