// GET and POST /login, POST /logout: signing in and out in a browser. Works without a line of script; the one that there is offers passkeys.
// Mounted at the root of the issuer's host.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Refusal } from '../errors.ts'
import { ensureFormCookie, readFormCookie } from '../http/form-cookie.ts'
import { formToken, isFormToken } from '../http/form-token.ts'
import { takeForms } from '../http/form.ts'
import { isFromOwnPage } from '../http/own-page.ts'
import { pageHeaders } from '../http/page.ts'
import { answerRefusals } from '../http/refused-page.ts'
import { clearSessionCookie } from '../http/session-cookie.ts'
import { normalizeEmail } from './email.ts'
import type { ChallengeFor } from './factors/challenge.ts'
import { provePasskey, readPasskeyResponse, requestOptions } from './factors/passkey-proof.ts'
import { relyingParty } from './factors/relying-party.ts'
import { type SignInDeps, answerSignIn, home, isSecure, leaveTrace, originOf, sessionOf } from './login/finish-page.ts'
import {
  busyPage,
  loginPage,
  malformedPage,
  refusedMessage,
  refusedPasskeyMessage,
  signOutPage,
  signedInPage,
  staleMessage,
  throttledPage,
} from './login/login-pages.ts'
import { otherWays } from './login/other-ways-pages.ts'
import { passkeyScript, passkeyScriptPath } from './login/passkey-script.ts'
import { secondStepPages } from './login/second-step-page.ts'
import { readReturnTo } from './return-to.ts'
import { endSession } from './sessions.ts'
import type { SignInThrottle } from './sign-in-throttle.ts'
import { provePassword } from './sign-in.ts'

const text = Type.String({ default: '' })
const LoginForm = Type.Object(
  { form_token: text, return_to: text, email: text, password: text },
  { additionalProperties: false },
)
const PasskeyForm = Type.Object({ form_token: text, return_to: text, response: text }, { additionalProperties: false })
const LogoutForm = Type.Object({ form_token: text, return_to: text }, { additionalProperties: false })
/** `prompt=login`: the password is wanted whoever is signed in (OpenID Connect Core §3.1.2.1). */
const LoginQuery = Type.Object({ return_to: text, login_hint: text, prompt: text })

export type LoginDeps = SignInDeps & { throttle: SignInThrottle }

const loginAt = (returnTo: string | undefined): string =>
  returnTo === undefined ? '/login' : `/login?return_to=${encodeURIComponent(returnTo)}`

export const loginPages =
  (deps: LoginDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { config, store, box, metrics, throttle, now } = deps
    const secure = isSecure(deps)
    const party = relyingParty(config.issuer)
    takeForms(app)
    answerRefusals(app, malformedPage)
    await app.register(secondStepPages(deps))

    const send = (reply: FastifyReply, status: number, body: string): FastifyReply =>
      reply.code(status).headers(pageHeaders([], "'self'")).send(body)

    const challengeFor = (browser: string): ChallengeFor => ({ browser, purpose: 'sign in' })

    /** The form with a token that is bound to this browser. */
    const sendForm = (
      request: FastifyRequest,
      reply: FastifyReply,
      status: number,
      { fresh = false, ...given }: { email: string; returnTo: string | undefined; fresh?: boolean },
      message?: string,
    ): FastifyReply => {
      const browser = ensureFormCookie(request.raw, reply, secure)
      const passkey = party && requestOptions(box, party, challengeFor(browser), [], now())
      const token = formToken(box, browser, 'sign in', now())
      const ways = otherWays(config.signIn, { returnTo: given.returnTo, fresh })
      return send(reply, status, loginPage({ ...given, formToken: token, passkey, ways }, message))
    }

    const sendThrottled = (
      request: FastifyRequest,
      reply: FastifyReply,
      waitMs: number,
      returnTo: string | undefined,
    ): FastifyReply => {
      metrics.signIn('throttled')
      leaveTrace(deps, request, 'sign-in held back')
      const waitSeconds = Math.ceil(waitMs / 1000)
      return send(reply.header('retry-after', waitSeconds), 429, throttledPage(waitSeconds, loginAt(returnTo)))
    }

    const isOwnForm = (request: FastifyRequest, browser: string | undefined, token: string): browser is string =>
      browser !== undefined && isFormToken(box, browser, 'sign in', token, now()) && isFromOwnPage(request.raw)

    const refuse = (
      request: FastifyRequest,
      reply: FastifyReply,
      given: { email: string; returnTo: string | undefined },
      message: string,
    ): FastifyReply => {
      metrics.signIn('refused')
      leaveTrace(deps, request, 'sign-in refused')
      return sendForm(request, reply, 403, given, message)
    }

    app.get(passkeyScriptPath, { schema: { hide: true } }, (_request, reply) =>
      reply
        .headers({
          'content-type': 'text/javascript; charset=utf-8',
          'cache-control': 'public, max-age=31536000, immutable',
          'x-content-type-options': 'nosniff',
        })
        .send(passkeyScript),
    )

    app.get('/login', { schema: { hide: true, querystring: LoginQuery } }, async (request, reply) => {
      const returnTo = readReturnTo(request.query.return_to)
      const session = await sessionOf(deps, request)
      const fresh = request.query.prompt === 'login'
      if (!session || fresh)
        return sendForm(request, reply, 200, { email: request.query.login_hint.slice(0, 254), returnTo, fresh })
      const signOutToken = formToken(box, session.id, 'sign out', now())
      return send(reply, 200, signedInPage(session, returnTo ?? home, { signOutToken, again: returnTo }))
    })

    app.post('/login', { schema: { hide: true, body: LoginForm } }, async (request, reply) => {
      const { email, password, form_token } = request.body
      const returnTo = readReturnTo(request.body.return_to)
      const given = { email, returnTo }
      if (!isOwnForm(request, readFormCookie(request.raw, secure), form_token))
        return sendForm(request, reply, 403, given, staleMessage)
      const { ip = '' } = originOf(deps, request)
      const account = normalizeEmail(email)
      const waitMs = throttle.take(account, ip, now())
      if (waitMs > 0) return sendThrottled(request, reply, waitMs, returnTo)
      const proven = await provePassword(store, email, password).catch((error: unknown) => {
        if (error instanceof Refusal && error.code === 'temporarily_unavailable') return 'busy' as const
        throw error
      })
      if (proven === 'busy') {
        throttle.takeBack(account, ip)
        metrics.signIn('throttled')
        return send(reply.header('retry-after', 5), 503, busyPage(loginAt(returnTo)))
      }
      if (!proven) return refuse(request, reply, given, refusedMessage)
      throttle.succeed(account, ip)
      const answered = await answerSignIn(deps, request, reply, { proven, returnTo })
      return answered ? reply : refuse(request, reply, given, refusedMessage)
    })

    app.post('/login/passkey', { schema: { hide: true, body: PasskeyForm } }, async (request, reply) => {
      const { form_token, response: posted } = request.body
      const returnTo = readReturnTo(request.body.return_to)
      const given = { email: '', returnTo }
      const browser = readFormCookie(request.raw, secure)
      if (!isOwnForm(request, browser, form_token)) return sendForm(request, reply, 403, given, staleMessage)
      const { ip = '' } = originOf(deps, request)
      const waitMs = throttle.take('passkey', ip, now())
      if (waitMs > 0) return sendThrottled(request, reply, waitMs, returnTo)
      const response = readPasskeyResponse(posted)
      const proven =
        party && response && (await provePasskey(deps, party, challengeFor(browser), response, undefined, now()))
      if (!proven) return refuse(request, reply, given, refusedPasskeyMessage)
      const { userId, proof } = proven
      const answered = await answerSignIn(deps, request, reply, { proven: { userId, methods: [] }, proof, returnTo })
      if (!answered) return refuse(request, reply, given, refusedPasskeyMessage)
      throttle.succeed('passkey', ip)
      return reply
    })

    app.post('/logout', { schema: { hide: true, body: LogoutForm } }, async (request, reply) => {
      const session = await sessionOf(deps, request)
      if (session) {
        if (!isFormToken(box, session.id, 'sign out', request.body.form_token, now()) || !isFromOwnPage(request.raw))
          return send(reply, 403, signOutPage(session, formToken(box, session.id, 'sign out', now())))
        await endSession(store, session.id, originOf(deps, request), now())
      }
      const returnTo = readReturnTo(request.body.return_to)
      // an invitation says itself whether one signs in or makes an account
      const to = returnTo?.startsWith('/invitations/') ? returnTo : loginAt(returnTo)
      return clearSessionCookie(reply, secure).redirect(to, 303)
    })
  }
