// The pages of signing in and out.
import { field, html, type Html, layout } from '../../http/page.ts'
import type { RequestOptions } from '../factors/passkey-proof.ts'
import { maxPasswordLength } from '../password.ts'
import type { Session } from '../sessions.ts'
import { passkeyScriptPath } from './passkey-script.ts'

/** What the form says when it comes back; the password never does. */
interface Given {
  email: string
  /** Where it leads; undefined: to the organizations. */
  returnTo: string | undefined
  formToken: string
  /** undefined: passkeys do not work here. */
  passkey: RequestOptions | undefined
  /** Other ways than by password or passkey. */
  ways: Html
}

export const refusedMessage = 'E-mail or password is wrong.'
export const refusedPasskeyMessage =
  'This passkey signs nobody in here, or the page was open too long. Try again, or use your password.'
export const staleMessage =
  'This page was open too long, or your browser has not kept its cookie. Please sign in again.'

export const hidden = (name: string, value: string | undefined): Html | undefined =>
  value === undefined ? undefined : html`<input type="hidden" name="${name}" value="${value}" />`

/** Shown by the script, where the browser knows passkeys; `action`: where the browser's answer is posted. */
export const passkeyForm = (
  action: string,
  { passkey, formToken, returnTo }: Pick<Given, 'passkey' | 'formToken' | 'returnTo'>,
): Html | undefined =>
  passkey &&
  html`<form method="post" action="${action}" data-passkey="${JSON.stringify(passkey)}" hidden>
    ${hidden('form_token', formToken)} ${hidden('return_to', returnTo)}
    <input type="hidden" name="response" value="" />
    <button type="submit" class="secondary">Use a passkey</button>
    <p class="mistake" role="status"></p>
  </form>`

/** `message`: why it did not work. */
export const loginPage = ({ email, returnTo, formToken, passkey, ways }: Given, message?: string): string =>
  layout(
    'Sign in',
    html`${message === undefined ? undefined : html`<p class="summary" role="alert">${message}</p>`}
      <form method="post" action="/login">
        ${hidden('form_token', formToken)} ${hidden('return_to', returnTo)}
        ${field({
          name: 'email',
          label: 'E-mail',
          type: 'email',
          autocomplete: 'username',
          value: email === '' ? undefined : email,
          maxLength: 254,
          focused: email === '',
        })}
        ${field({
          name: 'password',
          label: 'Password',
          type: 'password',
          autocomplete: 'current-password',
          maxLength: maxPasswordLength,
          focused: email !== '',
        })}
        <button type="submit">Sign in</button>
      </form>
      ${passkeyForm('/login/passkey', { passkey, formToken, returnTo })}
      ${ways}`,
    'narrow',
    passkeyScriptPath,
  )

/** Of somebody who is signed in already. */
export const signedInPage = (
  { name, email }: Session,
  returnTo: string,
  { signOutToken, again }: { signOutToken: string; again: string | undefined },
): string =>
  layout(
    'You are signed in',
    html`<p class="lead">As ${name} (${email}).</p>
      <a class="button" href="${returnTo}">Continue</a>
      <form method="post" action="/logout">
        ${hidden('form_token', signOutToken)} ${hidden('return_to', again)}
        <button type="submit" class="secondary">Sign out and use another account</button>
      </form>`,
  )

/** Stands for a moment, until the browser goes on by itself. */
export const goOnPage = (returnTo: string): string =>
  layout(
    'You are signed in',
    html`<p role="status">One moment.</p>
      <a class="button" href="${returnTo}">Continue</a>`,
  )

export const inWords = (seconds: number): string => {
  if (seconds < 60) return seconds === 1 ? 'one second' : `${seconds} seconds`
  const minutes = Math.ceil(seconds / 60)
  return minutes === 1 ? 'one minute' : `${minutes} minutes`
}

export const throttledPage = (waitSeconds: number, back: string): string =>
  layout(
    'Too many attempts',
    html`<p role="alert">From here there were too many attempts to sign in. Try again in ${inWords(waitSeconds)}.</p>
      <a class="button" href="${back}">Back to the sign-in</a>`,
  )

/** Too many wait for the same work: whoever comes now is asked to come again. */
export const busyPage = (back: string): string =>
  layout(
    'One moment, please',
    html`<p role="alert">Very many people sign in just now. Nothing is wrong with your password: try again in a few seconds.</p>
      <a class="button" href="${back}">Back to the sign-in</a>`,
  )

/** Asks once more for what a form without a good token asked for. */
export const signOutPage = (session: Session, signOutToken: string): string =>
  layout(
    'Sign out?',
    html`<p class="lead">You are signed in as ${session.name} (${session.email}).</p>
      <form method="post" action="/logout">
        ${hidden('form_token', signOutToken)}
        <button type="submit">Sign out</button>
      </form>
      <a class="button secondary" href="/organizations">Stay signed in</a>`,
  )

export const malformedPage = (): string =>
  layout(
    'This form cannot be taken',
    html`<p>What was sent is not what the page asks for.</p>
      <a class="button" href="/login">Sign in</a>`,
  )
