// RFC 8628 §3.3, §5.4: what a person sees who connects a device: the code, then who asks for what, and what to be wary of.
import type { Session } from '../../accounts/sessions.ts'
import { field, html, type Html, layout } from '../../http/page.ts'
import {
  accountLine,
  apiWords,
  clientFacts,
  operatorNotice,
  organizationField,
  scopeList,
} from '../authorize/consent-page.ts'
import type { Choice } from '../authorize/next-step.ts'
import type { WaitingDevice } from './decision.ts'

/** Asks for the code. */
export const codePage = (email: string, typed?: string, mistake?: string): string =>
  layout(
    'Connect a device',
    html`<p class="lead">Enter the code that your device or program shows.</p>
      <form method="get" action="/device">
        ${field({
          name: 'user_code',
          label: 'Code',
          type: 'text',
          autocomplete: 'off',
          value: typed,
          hint: 'Eight letters, such as WDJB-MJHT. Capitals and the hyphen do not matter.',
          mistake,
          maxLength: 64,
          focused: true,
        })}
        <button type="submit">Continue</button>
      </form>
      ${accountLine(email, '/device')}`,
  )

export interface DeviceQuestion {
  device: WaitingDevice
  /** As it is written: XXXX-XXXX. */
  userCode: string
  /** Minutes since the device asked. */
  age: number
  choices: readonly Choice[]
  session: Pick<Session, 'email' | 'operator'>
  formToken: string
}

const when = (minutes: number): string =>
  minutes < 1 ? 'less than a minute ago' : minutes === 1 ? 'a minute ago' : `${minutes} minutes ago`

const asked = ({ device: { code }, age }: DeviceQuestion): Html =>
  code.ip === null ? html`Asked ${when(age)}.` : html`Asked ${when(age)} from the address <code>${code.ip}</code>.`

/** Asks whether the device may have what it asks for. */
export const devicePage = (question: DeviceQuestion): string => {
  const {
    device: { client, api, scopes },
    userCode,
    choices,
    session,
    formToken,
  } = question
  return layout(
    `Allow ${client.name}?`,
    html`<p class="lead">
        ${clientFacts(client)} asks for access to <strong>${apiWords(api)}</strong> in your name. ${asked(question)}
      </p>
      ${accountLine(session.email, `/device?user_code=${userCode}`)}
      <p class="notice">
        Allow it only if you have just started this yourself and your device shows this code:
        <strong class="typed">${userCode}</strong> If somebody sent you the code or this link, deny it: they would get
        into your account.
      </p>
      <h2>It may</h2>
      ${scopeList(api, scopes)} ${operatorNotice(scopes, session.operator)}
      <form method="post" action="/device">
        <input type="hidden" name="user_code" value="${userCode}" />
        <input type="hidden" name="form_token" value="${formToken}" />
        ${organizationField(choices, scopes.includes('manage'))}
        <p class="hint">
          It can never do more than you may yourself, and you can take this back at any time under Account, Connected
          applications.
        </p>
        <div class="actions">
          <button type="submit" name="decision" value="allow">Allow</button>
          <button type="submit" name="decision" value="deny" class="secondary" formnovalidate>Deny</button>
        </div>
      </form>`,
  )
}

export const allowedPage = (name: string): string =>
  layout(
    'Your device is connected',
    html`<p role="status"><strong>${name}</strong> goes on by itself within seconds. You can close this page.</p>`,
  )

export const deniedPage = (name: string): string =>
  layout(
    'Nothing was allowed',
    html`<p role="status"><strong>${name}</strong> gets no access. You can close this page.</p>`,
  )

/** The form is too old or not this person's, or somebody has decided. */
export const overPage = (): string =>
  layout(
    'This page has expired',
    html`<p role="alert">
        Nothing has been allowed. The page was open for too long, the code has ended, or it was answered already.
      </p>
      <p><a href="/device">Enter a code</a></p>`,
  )

export const tooManyPage = (minutes: number): string =>
  layout(
    'Too many codes',
    html`<p role="alert">Too many codes have been tried. Try again in ${minutes === 1 ? 'a minute' : `${minutes} minutes`}.</p>`,
  )
