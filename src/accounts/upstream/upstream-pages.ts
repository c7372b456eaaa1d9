// What people see of signing in by an issuer elsewhere.
import type { UpstreamIssuer } from '../../config/upstream.ts'
import { html, type Html, layout } from '../../http/page.ts'
import type { Resolution } from './resolve.ts'

/** Where a sign-in leads; `fresh`: the person shall prove who they are, whoever is known in the browser. */
export interface WayOn {
  returnTo: string | undefined
  fresh: boolean
}

/** The way to an issuer and back to where the sign-in leads. */
const startAt = (name: string, { returnTo, fresh }: WayOn): string => {
  const query = new URLSearchParams({
    ...(returnTo !== undefined && { return_to: returnTo }),
    ...(fresh && { prompt: 'login' }),
  }).toString()
  return `/login/upstream/${name}${query === '' ? '' : `?${query}`}`
}

/** Links for the page of the sign-in; undefined: there are none. */
export const upstreamButtons = (
  upstreams: readonly Pick<UpstreamIssuer, 'name' | 'label'>[],
  wayOn: WayOn,
): Html | undefined =>
  upstreams.length === 0
    ? undefined
    : html`<div class="actions">
        ${upstreams.map(
          ({ name, label }) =>
            html`<a class="button secondary" href="${startAt(name, wayOn)}">Sign in with ${label}</a>`,
        )}
      </div>`

const backToSignIn = html`<a class="button" href="/login">Back to the sign-in</a>`

/** For whoever has an account here: from the sign-in on to where accounts elsewhere are linked. */
const signInToLink = (email: string): Html => {
  const query = new URLSearchParams({ return_to: '/account/security', ...(email !== '' && { login_hint: email }) })
  return html`<a class="button" href="/login?${query.toString()}">Sign in and link it</a>`
}

type Refused = Exclude<Resolution, { userId: string }>

const refusals: Record<Refused['kind'], (label: string, email: string) => Html> = {
  'no verified address': (label) =>
    html`<p>${label} does not say that an e-mail address is yours, so nobody here can be found by it.</p>
      <p>If you have an account here, sign in with it, and link ${label} under Account → Security.</p>
      ${signInToLink('')}`,
  'link first': (label, email) =>
    html`<p>There is an account with the address <strong>${email}</strong>. Show first that it is yours: sign in with it, and link ${label} under Account → Security.</p>
      ${signInToLink(email)}`,
  'not invited': (label, email) =>
    html`<p>You are known to ${label} as <strong>${email}</strong>, but there is no account for that address here. Accounts are made by invitation: ask for one to this address.</p>
      ${backToSignIn}`,
}

export const notSignedInPage = (label: string, refused: Refused): string =>
  layout('You are not signed in', refusals[refused.kind](label, 'email' in refused ? refused.email : ''))

/** What went wrong on the way. `retryAt`: where to begin again. */
export const failedUpstreamPage = (
  label: string,
  why: 'unreachable' | 'refused' | 'stale' | 'suspended' | 'throttled',
  retryAt: string,
): string => {
  const words = {
    unreachable: `${label} cannot be reached, or has not answered as it should. Try again in a moment.`,
    refused: `${label} has not let you in.`,
    stale: 'This took too long, was begun in another browser or tab, or was finished already.',
    suspended: 'This account cannot sign in. Ask an operator.',
    throttled: 'From here there were too many attempts. Try again later.',
  }[why]
  return layout(
    'You are not signed in',
    html`<p role="alert">${words}</p>
      <a class="button" href="${retryAt}">Try again</a>
      <a class="button secondary" href="/login">Back to the sign-in</a>`,
  )
}

export const notLinkedPage = (label: string, why: string): string =>
  layout(
    `${label} is not linked`,
    html`<p role="alert">${why}</p>
      <a class="button" href="/account/security">Back to your account</a>`,
  )
