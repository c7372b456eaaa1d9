// GET and POST /login/verify: the second step of a sign-in (OWASP ASVS 5.0 §6.3.3). Tries are counted before they are looked at: of the browser's
// address, of this sign-in, and of codes that strangers try for one person.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { takeForms } from '../../http/form.ts'
import { formToken, isFormToken } from '../../http/form-token.ts'
import { isKnownBrowser } from '../../http/known-browser.ts'
import { isFromOwnPage } from '../../http/own-page.ts'
import { pageHeaders } from '../../http/page.ts'
import { answerRefusals } from '../../http/refused-page.ts'
import { takeAppCode } from '../factors/authenticator-app.ts'
import type { ChallengeFor } from '../factors/challenge.ts'
import { factorsOf } from '../factors/factors.ts'
import { provePasskey, readPasskeyResponse, requestOptions } from '../factors/passkey-proof.ts'
import { takeRecoveryCode } from '../factors/recovery-codes.ts'
import { relyingParty } from '../factors/relying-party.ts'
import { type PendingSignIn, codeWaitMs, takeTry } from '../pending-sign-in.ts'
import { readReturnTo } from '../return-to.ts'
import type { SignInThrottle } from '../sign-in-throttle.ts'
import type { Proof } from '../sign-in.ts'
import {
  type SignInDeps,
  answerSignIn,
  forgetPending,
  isSecure,
  leaveTrace,
  originOf,
  pendingOf,
  secondStepAt,
} from './finish-page.ts'
import { malformedPage, staleMessage, throttledPage } from './login-pages.ts'
import { heldBackPage, overPage, secondStepPage, wrongCodeMessage } from './second-step-pages.ts'

const text = Type.String({ default: '' })
const Query = Type.Object({ return_to: text, with: text })
const Form = Type.Object(
  { form_token: text, return_to: text, with: text, code: text, response: text },
  { additionalProperties: false },
)
interface Posted {
  code: string
  response: string
  with: string
}

const purpose = 'second step'

export const secondStepPages =
  (deps: SignInDeps & { throttle: SignInThrottle }): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { config, store, box, notices, metrics, throttle, now } = deps
    const party = relyingParty(config.issuer)
    takeForms(app)
    answerRefusals(app, malformedPage)

    const send = (reply: FastifyReply, status: number, body: string): FastifyReply =>
      reply.code(status).headers(pageHeaders([], "'self'")).send(body)

    const challengeFor = (browser: string): ChallengeFor => ({ browser, purpose })

    const sendForm = async (
      reply: FastifyReply,
      status: number,
      { pending, browser }: { pending: PendingSignIn; browser: string },
      { returnTo, recovery }: { returnTo: string | undefined; recovery: boolean },
      message?: string,
    ): Promise<FastifyReply> => {
      const factors = await factorsOf(store.db, pending.proven.userId)
      const passkey =
        party && factors.passkeys.length > 0
          ? requestOptions(box, party, challengeFor(browser), factors.passkeys, now())
          : undefined
      const token = formToken(box, browser, purpose, now())
      return send(
        reply,
        status,
        secondStepPage({ returnTo, recovery, passkey, formToken: token, app: factors.totp }, message),
      )
    }

    /** Where the person has signed in before: strangers are not taken for them there. */
    const isFamiliar = async (request: FastifyRequest, userId: string): Promise<boolean> => {
      if (isKnownBrowser(request.raw, { box, secure: isSecure(deps) }, userId)) return true
      const { ip = null } = originOf(deps, request)
      const session = await store.db
        .selectFrom('sessions')
        .select('id')
        .where('user_id', '=', userId)
        .where('ip', '=', ip)
        .executeTakeFirst()
      return session !== undefined
    }

    /** What was posted, as a proof; undefined: it is none, whatever it is compared with. */
    const proofOf = async (
      { proven: { userId } }: PendingSignIn,
      browser: string,
      posted: Posted,
    ): Promise<Proof | undefined> => {
      if (posted.response !== '') {
        const response = readPasskeyResponse(posted.response)
        if (!party || !response) return undefined
        return (await provePasskey(deps, party, challengeFor(browser), response, userId, now()))?.proof
      }
      if (posted.with === 'recovery')
        return async (trx) =>
          (await takeRecoveryCode(trx, box, userId, posted.code, now())) ? ['recovery'] : undefined
      return async (trx) => ((await takeAppCode(trx, box, userId, posted.code, now())) ? ['otp'] : undefined)
    }

    app.get('/login/verify', { schema: { hide: true, querystring: Query } }, async (request, reply) => {
      const returnTo = readReturnTo(request.query.return_to)
      const waiting = pendingOf(deps, request)
      if (!waiting) return send(reply, 403, overPage(returnTo, false))
      return sendForm(reply, 200, waiting, { returnTo, recovery: request.query.with === 'recovery' })
    })

    app.post('/login/verify', { schema: { hide: true, body: Form } }, async (request, reply) => {
      const posted = request.body
      const returnTo = readReturnTo(posted.return_to)
      const recovery = posted.with === 'recovery'
      const waiting = pendingOf(deps, request)
      if (!waiting) return send(reply, 403, overPage(returnTo, false))
      const { pending, browser } = waiting
      const { userId } = pending.proven
      if (!isFormToken(box, browser, purpose, posted.form_token, now()) || !isFromOwnPage(request.raw))
        return sendForm(reply, 403, waiting, { returnTo, recovery }, staleMessage)
      const origin = originOf(deps, request)
      const account = `second step of ${userId}`
      const waitMs = throttle.take(account, origin.ip ?? '', now())
      if (waitMs > 0) {
        metrics.signIn('throttled')
        leaveTrace(deps, request, 'second step held back')
        const waitSeconds = Math.ceil(waitMs / 1000)
        return send(reply.header('retry-after', waitSeconds), 429, throttledPage(waitSeconds, secondStepAt(returnTo)))
      }
      const left = await takeTry(store.counters, pending, now())
      if (left !== undefined && posted.response === '' && !recovery) {
        const who = (await isFamiliar(request, userId)) ? 'familiar' : 'strangers'
        const heldMs = await codeWaitMs(store.counters, userId, who, now())
        if (heldMs > 0) {
          metrics.signIn('throttled')
          leaveTrace(deps, request, `codes of ${who} held back`)
          const waitSeconds = Math.ceil(heldMs / 1000)
          return send(
            reply.header('retry-after', waitSeconds),
            429,
            heldBackPage(returnTo, { waitSeconds, familiar: who === 'familiar' }),
          )
        }
      }
      const proof = left === undefined ? undefined : await proofOf(pending, browser, posted)
      const answered = proof && (await answerSignIn(deps, request, reply, { proven: pending.proven, proof, returnTo }))
      if (answered) {
        throttle.succeed(account, origin.ip ?? '')
        return reply
      }
      metrics.signIn('refused')
      leaveTrace(deps, request, 'second step refused')
      if (left === undefined || left === 0) {
        await notices.tellOnceAnHour(userId, 'second_step_failed', origin, now())
        return send(forgetPending(deps, reply), 403, overPage(returnTo, true))
      }
      return sendForm(reply, 403, waiting, { returnTo, recovery }, wrongCodeMessage(left))
    })
  }
