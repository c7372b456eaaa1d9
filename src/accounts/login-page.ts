// GET and POST /login, POST /logout: signing in and out in a browser, without a line of script. Mounted at the root of the issuer's host.
import { randomBytes } from 'node:crypto'
import type { BlockList } from 'node:net'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../config/config.ts'
import { clientAddress } from '../http/client-address.ts'
import { readCookie, setCookie } from '../http/cookies.ts'
import { formToken, isFormToken } from '../http/form-token.ts'
import { takeForms } from '../http/form.ts'
import type { Metrics } from '../http/metrics.ts'
import { isFromOwnPage } from '../http/own-page.ts'
import { pageHeaders } from '../http/page.ts'
import { answerRefusals } from '../http/refused-page.ts'
import { clearSessionCookie, setSessionCookie } from '../http/session-cookie.ts'
import { signedIn } from '../http/signed-in.ts'
import type { SecretBox } from '../secret-box.ts'
import type { Store } from '../store/store.ts'
import { normalizeEmail } from './email.ts'
import {
  goOnPage,
  loginPage,
  malformedPage,
  refusedMessage,
  signOutPage,
  signedInPage,
  staleMessage,
  throttledPage,
} from './login/login-pages.ts'
import { mayLeadAway, readReturnTo } from './return-to.ts'
import { endSession, type Session, sessionLifetimeMs } from './sessions.ts'
import { SignInThrottle } from './sign-in-throttle.ts'
import { signIn } from './sign-in.ts'

/** Where a sign-in leads that was not asked for by a page. */
const home = '/organizations'

/** Of a browser that nobody is signed in in: what its form's token is bound to. */
const formCookie = 'latchkey_form'
const formCookieValue = /^[\w-]{43}$/

const text = Type.String({ default: '' })
const LoginForm = Type.Object(
  { form_token: text, return_to: text, email: text, password: text },
  { additionalProperties: false },
)
const LogoutForm = Type.Object({ form_token: text, return_to: text }, { additionalProperties: false })
/** `prompt=login`: the password is wanted whoever is signed in (OpenID Connect Core §3.1.2.1). */
const LoginQuery = Type.Object({ return_to: text, login_hint: text, prompt: text })

export interface LoginDeps {
  config: Pick<Config, 'issuer'>
  store: Store
  box: SecretBox
  proxies: BlockList
  metrics: Pick<Metrics, 'signIn'>
  /** Unix milliseconds. */
  now: () => number
}

const loginAt = (returnTo: string | undefined): string =>
  returnTo === undefined ? '/login' : `/login?return_to=${encodeURIComponent(returnTo)}`

const send = (reply: FastifyReply, status: number, body: string): FastifyReply =>
  reply.code(status).headers(pageHeaders()).send(body)

export const loginPages =
  ({ config, store, box, proxies, metrics, now }: LoginDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const secure = config.issuer.startsWith('https:')
    const throttle = new SignInThrottle()
    takeForms(app)
    answerRefusals(app, malformedPage)

    const sessionOf = (request: FastifyRequest): Promise<Session | undefined> =>
      signedIn({ store, secure }, request, now())

    const originOf = (request: FastifyRequest) => ({
      ip: clientAddress(request.raw, proxies),
      userAgent: request.headers['user-agent'],
      requestId: request.id,
    })

    /** Not whom it was for: passwords are typed into the wrong field. */
    const leaveTrace = (request: FastifyRequest, what: string): void =>
      request.log.info({ request_id: request.id, ip: originOf(request).ip }, what)

    const boundTo = (request: FastifyRequest): string | undefined => {
      const value = readCookie(request.raw, formCookie, secure)
      return value !== undefined && formCookieValue.test(value) ? value : undefined
    }

    /** The form with a token that is bound to this browser; other tabs keep theirs. */
    const sendForm = (
      request: FastifyRequest,
      reply: FastifyReply,
      status: number,
      given: { email: string; returnTo: string | undefined },
      message?: string,
    ): FastifyReply => {
      let value = boundTo(request)
      if (value === undefined) {
        value = randomBytes(32).toString('base64url')
        setCookie(reply, formCookie, value, { secure })
      }
      const token = formToken(box, value, 'sign in', now())
      return send(reply, status, loginPage({ ...given, formToken: token }, message))
    }

    app.get('/login', { schema: { hide: true, querystring: LoginQuery } }, async (request, reply) => {
      const returnTo = readReturnTo(request.query.return_to)
      const session = await sessionOf(request)
      if (!session || request.query.prompt === 'login')
        return sendForm(request, reply, 200, { email: request.query.login_hint.slice(0, 254), returnTo })
      const signOutToken = formToken(box, session.id, 'sign out', now())
      return send(reply, 200, signedInPage(session, returnTo ?? home, { signOutToken, again: returnTo }))
    })

    app.post('/login', { schema: { hide: true, body: LoginForm } }, async (request, reply) => {
      const { email, password, form_token } = request.body
      const returnTo = readReturnTo(request.body.return_to)
      const given = { email, returnTo }
      const bound = boundTo(request)
      if (bound === undefined || !isFormToken(box, bound, 'sign in', form_token, now()) || !isFromOwnPage(request.raw))
        return sendForm(request, reply, 403, given, staleMessage)
      const origin = originOf(request)
      const account = normalizeEmail(email)
      const waitMs = throttle.take(account, origin.ip, now())
      if (waitMs > 0) {
        metrics.signIn('throttled')
        leaveTrace(request, 'sign-in held back')
        const waitSeconds = Math.ceil(waitMs / 1000)
        reply.header('retry-after', waitSeconds)
        return send(reply, 429, throttledPage(waitSeconds, loginAt(returnTo)))
      }
      const started = await signIn(store, { email, password, previous: await sessionOf(request) }, origin, now())
      if (!started) {
        metrics.signIn('refused')
        leaveTrace(request, 'sign-in refused')
        return sendForm(request, reply, 403, given, refusedMessage)
      }
      metrics.signIn('succeeded')
      throttle.succeed(account, origin.ip)
      setSessionCookie(reply, started.value, { secure, maxAgeSeconds: sessionLifetimeMs / 1000 })
      setCookie(reply, formCookie, '', { secure, maxAgeSeconds: 0 })
      const next = returnTo ?? home
      if (!mayLeadAway(next)) return reply.redirect(next, 303)
      return send(reply.header('refresh', `0; url=${next}`), 200, goOnPage(next))
    })

    app.post('/logout', { schema: { hide: true, body: LogoutForm } }, async (request, reply) => {
      const session = await sessionOf(request)
      if (session) {
        if (!isFormToken(box, session.id, 'sign out', request.body.form_token, now()) || !isFromOwnPage(request.raw))
          return send(reply, 403, signOutPage(session, formToken(box, session.id, 'sign out', now())))
        await endSession(store, session.id, originOf(request), now())
      }
      return clearSessionCookie(reply, secure).redirect(loginAt(readReturnTo(request.body.return_to)), 303)
    })
  }
