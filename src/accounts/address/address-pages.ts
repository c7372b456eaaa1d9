// The pages behind the link that confirms an address.
import { html, layout } from '../../http/page.ts'
import { hiddenFields, summary } from '../joining-pages.ts'
import type { Session } from '../sessions.ts'
import type { OpenAddress } from './change.ts'

export const confirmAddressPage = (
  { from, to }: OpenAddress,
  { token, formToken }: { token: string; formToken: string },
  message?: string,
): string =>
  layout(
    'Confirm your address',
    html`${summary(message)}
      <p>
        ${
          from === to
            ? html`<strong>${to}</strong> is the address of your account, and you read its mail?`
            : html`From now on you sign in as <strong>${to}</strong>, no more as <strong>${from}</strong>.`
        }
      </p>
      <form method="post" action="/verify-email">
        ${hiddenFields({ token, form_token: formToken })}
        <button type="submit">${from === to ? 'Confirm' : 'Change address'}</button>
      </form>
      <a class="button secondary" href="/account">Leave it as it is</a>`,
  )

/** Of somebody else than the person who asked. */
export const otherPersonPage = ({
  session,
  token,
  signOutToken,
}: {
  session: Session
  token: string
  signOutToken: string
}): string =>
  layout(
    'This is for another account',
    html`<p>
        You are signed in as <strong>${session.email}</strong>. This address was asked to be confirmed for another
        account, by whoever is signed in to that.
      </p>
      <p>If you did not ask for it, close this page: nothing happens.</p>
      <form method="post" action="/logout">
        ${hiddenFields({ form_token: signOutToken, return_to: `/verify-email?token=${token}` })}
        <button type="submit" class="secondary">Sign out and use the other account</button>
      </form>`,
  )

export const addressDonePage = ({ to }: OpenAddress): string =>
  layout(
    'Your address is confirmed',
    html`<p role="status">Your account has the address <strong>${to}</strong>.</p>
      <a class="button" href="/account">Go on</a>`,
  )

export const takenAddressPage = (): string =>
  layout(
    'This address is taken',
    html`<p>Another account has had it confirmed in the meantime. Yours keeps the address that it has.</p>
      <a class="button" href="/account">Go on</a>`,
  )

export const goneAddressPage = (): string =>
  layout(
    'This link does not work',
    html`<p>It is over, was used already, or your password was changed since. Such links work once, within an hour.</p>
      <a class="button" href="/account">Ask for another</a>`,
  )
