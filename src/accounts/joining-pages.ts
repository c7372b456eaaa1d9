// What the pages of joining have in common: asking for an address, and for a name and a password.
import { field, html, type Html, layout } from '../http/page.ts'
import { nameMistake } from './name.ts'
import { maxPasswordLength, minPasswordLength, passwordMistake } from './password.ts'

export const passwordRules = `At least ${minPasswordLength} characters. Spaces and every other character are welcome; several words make a good one.`

export const staleFormMessage =
  'This page was open too long, or your browser has not kept its cookie. Please send it again.'

export const summary = (message: string | undefined): Html | undefined =>
  message === undefined ? undefined : html`<p class="summary" role="alert">${message}</p>`

export const hiddenFields = (fields: Record<string, string>): Html[] =>
  Object.entries(fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)

export const signInLink = html`<a class="button" href="/login">Sign in</a>`

export const emailField = (value: string, mistake?: string): Html =>
  field({
    name: 'email',
    label: 'E-mail',
    type: 'email',
    autocomplete: 'username',
    value: value === '' ? undefined : value,
    mistake,
    maxLength: 254,
    focused: true,
  })

/** For password managers: whose password it is. */
const addressShown = (email: string): Html =>
  html`<div class="field">
    <label for="email">E-mail</label><input id="email" type="email" autocomplete="username" value="${email}" readonly />
  </div>`

export interface PersonMistakes {
  name?: string | undefined
  password?: string | undefined
}

/** undefined: none. `name` undefined: it is not asked for. */
export const personMistakes = (
  email: string,
  { name, password }: { name: string | undefined; password: string },
): PersonMistakes | undefined => {
  const mistakes = {
    name: name === undefined ? undefined : nameMistake(name),
    password: passwordMistake(password, email, name),
  }
  return mistakes.name === undefined && mistakes.password === undefined ? undefined : mistakes
}

/** A form for a password, and a name where one is given. */
export const personForm = (
  {
    action,
    hidden,
    email,
    name,
    button,
  }: {
    action: string
    hidden: Record<string, string>
    email: string
    name: string | undefined
    button: string
  },
  mistakes: PersonMistakes = {},
): Html =>
  html`${summary(Object.values(mistakes).some((mistake) => mistake !== undefined) ? 'Nothing has been saved yet. Please correct the marked fields.' : undefined)}
    <form method="post" action="${action}">
      ${hiddenFields(hidden)} ${addressShown(email)}
      ${
        name === undefined
          ? undefined
          : field({
              name: 'name',
              label: 'Your name',
              type: 'text',
              autocomplete: 'name',
              value: name === '' ? undefined : name,
              mistake: mistakes.name,
              maxLength: 200,
              focused: mistakes.name !== undefined || mistakes.password === undefined,
            })
      }
      ${field({
        name: 'password',
        label: name === undefined ? 'New password' : 'Password',
        type: 'password',
        autocomplete: 'new-password',
        hint: passwordRules,
        mistake: mistakes.password,
        minLength: minPasswordLength,
        maxLength: maxPasswordLength,
        focused: name === undefined || (mistakes.name === undefined && mistakes.password !== undefined),
      })}
      <button type="submit">${button}</button>
    </form>`

/** The same whoever the address belongs to, or nobody. `shown`: messages are not sent, but shown on this machine. */
export const askedPage = (title: string, words: Html, shown: boolean): string =>
  layout(
    title,
    html`<div role="status">${words}</div>
      ${
        shown
          ? html`<p class="notice">There is no mail server here. Messages are shown in the log and in the <a href="/dev/mailbox">mailbox</a>.</p>`
          : html`<p class="hint">Nothing there after some minutes? Look among the unwanted messages, and whether the address is right.</p>`
      }`,
  )

const minutes = (seconds: number): string => {
  const count = Math.ceil(seconds / 60)
  return count === 1 ? 'one minute' : `${count} minutes`
}

export const tooManyPage = (waitSeconds: number, back: string): string =>
  layout(
    'Too many requests',
    html`<p role="alert">From here there were too many requests. Try again in ${minutes(waitSeconds)}.</p>
      <a class="button" href="${back}">Back</a>`,
  )

export const malformedJoiningPage = (): string =>
  layout(
    'This form cannot be taken',
    html`<p>What was sent is not what the page asks for. Open your link once more, or begin again.</p>
      ${signInLink}`,
  )
