// The pages behind one-time links.
import { field, html, type Html, layout } from '../../http/page.ts'
import { passwordRules } from '../joining-pages.ts'
import { maxPasswordLength, minPasswordLength } from '../password.ts'
import type { Mistakes, SetUp } from './set-up.ts'

const newPassword = (mistake: string | undefined, focused: boolean): Html =>
  field({
    name: 'password',
    label: 'Password',
    type: 'password',
    autocomplete: 'new-password',
    hint: passwordRules,
    mistake,
    minLength: minPasswordLength,
    maxLength: maxPasswordLength,
    focused,
  })

/** The token goes on in the form, so that only whoever has the link can post it (no other site can). */
const form = (token: string, mistakes: Mistakes, fields: Html, button: string): Html =>
  html`${
    Object.keys(mistakes).length > 0
      ? html`<p class="summary" role="alert">Nothing has been saved yet. Please correct the marked fields.</p>`
      : undefined
  }
    <form method="post" action="/setup">
      <input type="hidden" name="token" value="${token}" />
      ${fields}
      <button type="submit">${button}</button>
    </form>`

/** Asks for the first operator and the first organization. */
export const setUpPage = (token: string, given: Omit<SetUp, 'password'> | undefined, mistakes: Mistakes): string => {
  const wrong = Object.keys(mistakes)[0]
  const focused = (name: keyof SetUp): boolean => (wrong ?? 'name') === name
  const fields = html`${[
    field({
      name: 'name',
      label: 'Your name',
      type: 'text',
      autocomplete: 'name',
      value: given?.name,
      mistake: mistakes.name,
      maxLength: 200,
      focused: focused('name'),
    }),
    field({
      name: 'email',
      label: 'E-mail',
      type: 'email',
      autocomplete: 'username',
      value: given?.email,
      mistake: mistakes.email,
      maxLength: 254,
      focused: focused('email'),
    }),
    newPassword(mistakes.password, focused('password')),
    field({
      name: 'organization',
      label: 'Organization',
      type: 'text',
      autocomplete: 'organization',
      value: given?.organization,
      hint: 'It owns API keys and clients. You can add others later.',
      mistake: mistakes.organization,
      maxLength: 200,
      focused: focused('organization'),
    }),
  ]}`
  return layout(
    'Set up Latchkey',
    html`<p class="lead">
        You become the first operator, who may do everything here, and the owner of your first organization.
      </p>
      ${form(token, mistakes, fields, 'Create operator')}`,
  )
}

const signIn = html`<a class="button" href="/login">Sign in</a>`

/** A command to copy; a narrow page breaks it between its parts. */
const command = (...parts: string[]): Html =>
  html`<pre
    tabindex="0"
  ><code>${parts.map((part, index) => html`${index > 0 ? ' ' : ''}<span>${part}</span>`)}</code></pre>`

/** Tells the ids, and what to type next. */
export const setUpDonePage = (userId: string, organizationId: string): string =>
  layout(
    'Latchkey is set up',
    html`<p class="lead" role="status">You are its operator. This link does not work any more.</p>
      <dl>
        <dt>Your user id</dt>
        <dd><code>${userId}</code></dd>
        <dt>Your organization’s id</dt>
        <dd><code>${organizationId}</code></dd>
      </dl>
      ${signIn}
      <h2>Make an API key</h2>
      ${command('npx latchkey keys create', `--user-id ${userId}`, `--org-id ${organizationId}`, '--name "My first key"')}
      <h2>Make a personal access token</h2>
      ${command('npx latchkey tokens create', `--user-id ${userId}`, '--name "My first token"', '--all-organizations')}
      <p class="hint">Run them in Latchkey’s folder. The key or token is shown once.</p>`,
  )

/** Asks for a password of the user that the link was made for. */
export const passwordPage = (token: string, email: string, mistakes: Mistakes): string =>
  layout(
    'Choose a password',
    html`<p class="lead">For signing in to Latchkey.</p>
      ${form(
        token,
        mistakes,
        html`<div class="field">
            <label for="email">E-mail</label
            ><input id="email" type="email" autocomplete="username" value="${email}" readonly />
          </div>
          ${newPassword(mistakes.password, true)}`,
        'Save password',
      )}`,
  )

export const passwordDonePage = (email: string): string =>
  layout(
    'Your password is set',
    html`<p role="status">
        From now on you sign in as <strong>${email}</strong> with it. This link does not work any more, and whoever was
        signed in as you is signed out.
      </p>
      ${signIn}`,
  )

/** The same for a link that has expired, was used, or never was one. */
export const goneLinkPage = (): string =>
  layout(
    'This link does not work',
    html`<p>It has expired, was used already, or is not complete. Links work once, within 24 hours.</p>
      <p>An operator makes another on the command line:</p>
      ${command('npx latchkey users link', '--user-id …')}
      <p class="hint">Where nobody is an operator yet, starting Latchkey again prints a new set-up link.</p>`,
  )

export const refusedFormPage = (): string =>
  layout(
    'This form cannot be taken',
    html`<p>What was sent is not what the page asks for. Open your link once more and fill the form in again.</p>`,
  )
