// How every sign-in in a browser goes on once something is proven: to the second step, or with a session to where it was wanted.
import type { BlockList } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../../config/config.ts'
import { clientAddress } from '../../http/client-address.ts'
import { readCookie, setCookie } from '../../http/cookies.ts'
import { clearFormCookie, ensureFormCookie, readFormCookie } from '../../http/form-cookie.ts'
import { isKnownBrowser, markBrowser } from '../../http/known-browser.ts'
import type { Metrics } from '../../http/metrics.ts'
import { pageHeaders } from '../../http/page.ts'
import { setSessionCookie } from '../../http/session-cookie.ts'
import { signedIn } from '../../http/signed-in.ts'
import type { SecretBox } from '../../secret-box.ts'
import type { Store } from '../../store/store.ts'
import type { LastUse } from '../../verify/last-use.ts'
import { recoveryCodesLeft } from '../factors/recovery-codes.ts'
import type { Notices } from '../notices.ts'
import { type PendingSignIn, openPending, pendingMs, sealPending } from '../pending-sign-in.ts'
import { mayLeadAway } from '../return-to.ts'
import type { Session, SessionOrigin } from '../sessions.ts'
import { type Proof, type Proven, finishSignIn } from '../sign-in.ts'
import { goOnPage } from './login-pages.ts'

/** Where a sign-in leads that was not asked for by a page. */
export const home = '/organizations'

export interface SignInDeps {
  config: Pick<Config, 'issuer' | 'signIn'>
  store: Store
  box: SecretBox
  lastUse: Pick<LastUse, 'touch'>
  notices: Notices
  metrics: Pick<Metrics, 'signIn'>
  proxies: BlockList
  /** Unix milliseconds. */
  now: () => number
}

const pendingCookie = 'latchkey_pending'

export const isSecure = ({ config }: Pick<SignInDeps, 'config'>): boolean => config.issuer.startsWith('https:')

export const sessionOf = (deps: SignInDeps, request: FastifyRequest): Promise<Session | undefined> =>
  signedIn({ ...deps, secure: isSecure(deps) }, request, deps.now())

export const originOf = ({ proxies }: Pick<SignInDeps, 'proxies'>, request: FastifyRequest): SessionOrigin => ({
  ip: clientAddress(request.raw, proxies),
  userAgent: request.headers['user-agent'],
  requestId: request.id,
})

/** Not whom it was for: passwords are typed into the wrong field. */
export const leaveTrace = (deps: SignInDeps, request: FastifyRequest, what: string): void =>
  request.log.info({ request_id: request.id, ip: originOf(deps, request).ip }, what)

export const secondStepAt = (returnTo: string | undefined): string =>
  returnTo === undefined ? '/login/verify' : `/login/verify?return_to=${encodeURIComponent(returnTo)}`

/** The sign-in that waits in this browser for its second step. */
export const pendingOf = (
  deps: SignInDeps,
  { raw }: Pick<FastifyRequest, 'raw'>,
): { pending: PendingSignIn; browser: string } | undefined => {
  const secure = isSecure(deps)
  const [browser, sealed] = [readFormCookie(raw, secure), readCookie(raw, pendingCookie, secure)]
  if (browser === undefined || sealed === undefined) return undefined
  const pending = openPending(deps.box, browser, sealed, deps.now())
  return pending && { pending, browser }
}

export const forgetPending = (deps: SignInDeps, reply: FastifyReply): FastifyReply =>
  setCookie(reply, pendingCookie, '', { secure: isSecure(deps), maxAgeSeconds: 0 })

/** Whether the person has signed in before: their first sign-in ever is no news. */
const hasSignedInBefore = async ({ db }: Store, userId: string): Promise<boolean> => {
  const sessions = await db
    .selectFrom('audit')
    .select('id')
    .where('organization_id', 'is', null)
    .where('user_id', '=', userId)
    .where('action', '=', 'session.started')
    .limit(2)
    .execute()
  return sessions.length > 1
}

/**
 * Answers somebody who has proven something: with the session and where it leads, or with the second step. `proof`: what is added to it now.
 * false: nothing is proven any more, or the proof is wrong; nothing has been sent.
 */
export const answerSignIn = async (
  deps: SignInDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  { proven, proof, returnTo }: { proven: Proven; proof?: Proof | undefined; returnTo: string | undefined },
): Promise<boolean> => {
  const { config, store, box, notices, metrics, now } = deps
  const secure = isSecure(deps)
  const origin = originOf(deps, request)
  const browser = { previous: await sessionOf(deps, request), origin, life: config.signIn.sessions }
  const next = await finishSignIn(store, proven, proof, browser, now())
  if (next.step === 'refused') return false
  if (next.step === 'second factor') {
    const sealed = sealPending(box, ensureFormCookie(request.raw, reply, secure), proven, now())
    setCookie(reply, pendingCookie, sealed, { secure, maxAgeSeconds: pendingMs / 1000 })
    reply.redirect(secondStepAt(returnTo), 303)
    return true
  }
  const { value, session } = next.started
  metrics.signIn('succeeded')
  setSessionCookie(reply, value, { secure, maxAgeSeconds: config.signIn.sessions.absoluteMs / 1000 })
  if (readCookie(request.raw, pendingCookie, secure) !== undefined) forgetPending(deps, reply)
  clearFormCookie(reply, secure)
  const known = isKnownBrowser(request.raw, { box, secure }, session.userId)
  if (!known) {
    markBrowser(request.raw, reply, { box, secure }, session.userId)
    const { userId: id, email, name } = session
    if (await hasSignedInBefore(store, id)) await notices.tell({ id, email, name }, 'new_browser', origin, now())
  }
  if (session.methods.includes('recovery')) {
    const left = await recoveryCodesLeft(store.db, session.userId)
    await notices.tell(session.userId, 'recovery_code_used', origin, now(), String(left))
  }
  const to = returnTo ?? home
  if (mayLeadAway(to)) reply.headers(pageHeaders()).header('refresh', `0; url=${to}`).send(goOnPage(to))
  else reply.redirect(to, 303)
  return true
}
