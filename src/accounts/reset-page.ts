// GET and POST /reset, POST /reset/password: a forgotten password, in a browser. Asking is answered alike, and at once, whoever has the address.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { FastifyReply } from 'fastify'
import { takeForms } from '../http/form.ts'
import { pageHeaders } from '../http/page.ts'
import { answerRefusals } from '../http/refused-page.ts'
import { isStrangersOwn, strangerToken } from '../http/stranger-form.ts'
import { isFromOwnPage } from '../http/own-page.ts'
import { emailMistake, normalizeEmail } from './email.ts'
import { malformedJoiningPage, personMistakes, staleFormMessage } from './joining-pages.ts'
import { originOf } from './login/finish-page.ts'
import type { MailedDeps } from './asking-page.ts'
import {
  goneResetPage,
  newPasswordDonePage,
  newPasswordPage,
  noMailPage,
  resetAskedPage,
  resetPage,
} from './reset/reset-pages.ts'
import { askToReset, openReset, resetPassword } from './reset/reset.ts'

const text = Type.String({ maxLength: 2000, default: '' })
const AskForm = Type.Object({ form_token: text, email: text }, { additionalProperties: false })
const PasswordForm = Type.Object({ token: text, password: text }, { additionalProperties: false })

const purpose = 'ask to reset'

export const resetPages =
  (deps: MailedDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { config, store, box, mailer, requests, now } = deps
    const forms = { box, secure: config.issuer.startsWith('https:') }
    takeForms(app)
    answerRefusals(app, malformedJoiningPage)

    const send = (reply: FastifyReply, status: number, body: string): FastifyReply =>
      reply.code(status).headers(pageHeaders()).send(body)

    app.get('/reset', { schema: { hide: true, querystring: Type.Object({ token: text }) } }, async (request, reply) => {
      const { token } = request.query
      if (token === '') {
        if (!mailer.available) return send(reply, 200, noMailPage('Forgotten your password?'))
        return send(
          reply,
          200,
          resetPage({ email: '', formToken: strangerToken(forms, request, reply, purpose, now()) }),
        )
      }
      const link = await openReset(store.db, box, token, now())
      return link ? send(reply, 200, newPasswordPage({ token, email: link.email })) : send(reply, 404, goneResetPage())
    })

    app.post('/reset', { schema: { hide: true, body: AskForm } }, async (request, reply) => {
      if (!mailer.available) return send(reply, 404, noMailPage('Forgotten your password?'))
      const { email, form_token } = request.body
      const again = (status: number, wrong: { message?: string; email?: string }): FastifyReply =>
        send(
          reply,
          status,
          resetPage({ email, formToken: strangerToken(forms, request, reply, purpose, now()) }, wrong),
        )
      if (!isStrangersOwn(forms, request, purpose, form_token, now())) return again(403, { message: staleFormMessage })
      const mistake = emailMistake(email)
      if (mistake !== undefined) return again(400, { email: mistake })
      const address = normalizeEmail(email)
      return (
        requests.refused(request, reply, '/reset', now()) ??
        requests.answer(reply, resetAskedPage(address, config.mail.development), () => askToReset(deps, address, now()))
      )
    })

    app.post('/reset/password', { schema: { hide: true, body: PasswordForm } }, async (request, reply) => {
      const { token, password } = request.body
      const refused = requests.refused(request, reply, '/reset', now())
      if (refused) return refused
      const link = isFromOwnPage(request.raw) ? await openReset(store.db, box, token, now()) : undefined
      if (!link) return send(reply, 404, goneResetPage())
      const mistakes = personMistakes(link.email, { name: undefined, password })
      if (mistakes) return send(reply, 400, newPasswordPage({ token, email: link.email }, mistakes))
      const done = await resetPassword(deps, { token, password }, originOf(deps, request), now())
      return done ? send(reply, 200, newPasswordDonePage(link.email, done)) : send(reply, 404, goneResetPage())
    })
  }
