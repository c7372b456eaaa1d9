// The pages of the second step.
import { field, html, type Html, layout } from '../../http/page.ts'
import type { RequestOptions } from '../factors/passkey-proof.ts'
import { hidden, inWords, passkeyForm } from './login-pages.ts'
import { passkeyScriptPath } from './passkey-script.ts'

export interface SecondStep {
  returnTo: string | undefined
  formToken: string
  /** Whether the person has an authenticator app. */
  app: boolean
  /** undefined: the person has no passkey, or they do not work here. */
  passkey: RequestOptions | undefined
  /** Asks for a recovery code in place of the rest. */
  recovery: boolean
}

export const wrongCodeMessage = (left: number): string =>
  `This code is wrong or has been used. ${left === 1 ? 'One try is' : `${left} tries are`} left.`

const withQuery = (returnTo: string | undefined, recovery: boolean): string => {
  const query = new URLSearchParams({
    ...(recovery && { with: 'recovery' }),
    ...(returnTo !== undefined && { return_to: returnTo }),
  }).toString()
  return query === '' ? '/login/verify' : `/login/verify?${query}`
}

const again = (returnTo: string | undefined): string =>
  returnTo === undefined ? '/login' : `/login?return_to=${encodeURIComponent(returnTo)}`

const codeForm = ({ formToken, returnTo, recovery }: SecondStep, input: Html): Html =>
  html`<form method="post" action="/login/verify">
    ${hidden('form_token', formToken)} ${hidden('return_to', returnTo)}
    ${recovery ? hidden('with', 'recovery') : undefined} ${input}
    <button type="submit">Continue</button>
  </form>`

const recoveryInput = field({
  name: 'code',
  label: 'Recovery code',
  type: 'text',
  autocomplete: 'off',
  hint: 'One of the ten that you were shown, such as 3m9k-x2wq-7h4t-c0ve. Each works once.',
  maxLength: 64,
  focused: true,
})

const appInput = field({
  name: 'code',
  label: 'Code from your authenticator app',
  type: 'text',
  autocomplete: 'one-time-code',
  maxLength: 16,
  numeric: true,
  focused: true,
})

/** `message`: why it did not work. */
export const secondStepPage = (step: SecondStep, message?: string): string => {
  const { app, recovery, returnTo } = step
  const lead = recovery
    ? 'For whoever has lost their phone or passkey.'
    : app
      ? 'Now show that you have your second factor too.'
      : 'Now use one of your passkeys too.'
  return layout(
    'One more step',
    html`<p class="lead">${lead}</p>
      ${message === undefined ? undefined : html`<p class="summary" role="alert">${message}</p>`}
      ${recovery ? codeForm(step, recoveryInput) : app ? codeForm(step, appInput) : undefined}
      ${recovery ? undefined : passkeyForm('/login/verify', step)}
      ${recovery || app ? undefined : html`<p class="without-passkey">Passkeys need JavaScript, and a browser that knows them.</p>`}
      <p class="foot"><a href="${withQuery(returnTo, !recovery)}">${recovery ? 'Back' : 'Use a recovery code'}</a></p>
      <p><a href="${again(returnTo)}">Sign in as somebody else</a></p>`,
    'narrow',
    passkeyScriptPath,
  )
}

/** No more tries, or too long ago. */
export const overPage = (returnTo: string | undefined, tooMany: boolean): string =>
  layout(
    tooMany ? 'Too many wrong codes' : 'This took too long',
    html`<p role="alert">
        ${tooMany ? 'Nobody was signed in. Begin again with your password.' : 'The sign-in is over after ten minutes. Begin again.'}
      </p>
      <a class="button" href="${again(returnTo)}">Sign in</a>`,
  )

/** Codes of this person are held back, because strangers try them; there are other ways in. */
export const heldBackPage = (
  returnTo: string | undefined,
  { waitSeconds, familiar }: { waitSeconds: number; familiar: boolean },
): string =>
  layout(
    'Codes are held back',
    html`<p role="alert">
        Too many codes were tried for this account${familiar ? '' : ' in browsers that it has not been used in'}. Codes are
        taken again in ${inWords(waitSeconds)}.
      </p>
      <p>
        ${familiar ? 'A' : 'In a browser in which you have signed in before they are taken now, and so is a'} recovery code or a
        passkey${familiar ? ' is taken now' : ' here'}.
      </p>
      <a class="button" href="${withQuery(returnTo, true)}">Use a recovery code</a>
      <a class="button secondary" href="${withQuery(returnTo, false)}">Back</a>`,
  )
