// What the page of the sign-in offers besides a password: issuers elsewhere, a new password, an account.
import type { SignInConfig } from '../../config/sign-in.ts'
import { html, type Html } from '../../http/page.ts'
import { type WayOn, upstreamButtons } from '../upstream/upstream-pages.ts'

export const otherWays = ({ upstream, signUp }: Pick<SignInConfig, 'upstream' | 'signUp'>, wayOn: WayOn): Html =>
  html`${upstreamButtons(upstream, wayOn)}
    <p class="foot hint"><a href="/reset">Forgotten your password?</a></p>
    <p class="hint">
      No account yet? <a href="/signup">${signUp === 'open' ? 'Create one' : 'How to get one'}</a>
    </p>`
