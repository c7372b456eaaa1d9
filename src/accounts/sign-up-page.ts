// GET and POST /signup, POST /signup/account: making an account of one's own, in a browser.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { FastifyReply } from 'fastify'
import { Refusal } from '../errors.ts'
import { takeForms } from '../http/form.ts'
import { pageHeaders } from '../http/page.ts'
import { answerRefusals } from '../http/refused-page.ts'
import { isStrangersOwn, strangerToken } from '../http/stranger-form.ts'
import type { MailedDeps } from './asking-page.ts'
import { emailMistake, normalizeEmail } from './email.ts'
import { malformedJoiningPage, personMistakes, staleFormMessage } from './joining-pages.ts'
import { answerSignIn, originOf } from './login/finish-page.ts'
import { noMailPage } from './reset/reset-pages.ts'
import {
  byInvitationPage,
  goneSignUpPage,
  haveAccountPage,
  newAccountPage,
  signUpAskedPage,
  signUpPage,
} from './sign-up/sign-up-pages.ts'
import { askToSignUp, openSignUp, signUp } from './sign-up/sign-up.ts'

const text = Type.String({ maxLength: 2000, default: '' })
const AskForm = Type.Object({ form_token: text, email: text }, { additionalProperties: false })
const AccountForm = Type.Object(
  { token: text, form_token: text, name: text, password: text },
  { additionalProperties: false },
)

const asking = 'ask to sign up'
const creating = 'sign up'

export const signUpPages =
  (deps: MailedDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { config, store, box, mailer, requests, now } = deps
    const forms = { box, secure: config.issuer.startsWith('https:') }
    takeForms(app)
    answerRefusals(app, malformedJoiningPage)

    const send = (reply: FastifyReply, status: number, body: string): FastifyReply =>
      reply.code(status).headers(pageHeaders()).send(body)

    /** Why nobody can sign up by themselves; undefined: they can. */
    const closedPage = (): string | undefined => {
      if (config.signIn.signUp !== 'open') return byInvitationPage()
      return mailer.available ? undefined : noMailPage('Create an account')
    }

    app.get(
      '/signup',
      { schema: { hide: true, querystring: Type.Object({ token: text }) } },
      async (request, reply) => {
        const closed = closedPage()
        if (closed !== undefined) return send(reply, 200, closed)
        const { token } = request.query
        const formToken = strangerToken(forms, request, reply, token === '' ? asking : creating, now())
        if (token === '') return send(reply, 200, signUpPage({ email: '', formToken }))
        const email = openSignUp(deps, token, now())
        if (email === undefined) return send(reply, 404, goneSignUpPage())
        const taken = await store.db.selectFrom('users').select('id').where('email', '=', email).executeTakeFirst()
        return send(reply, 200, taken ? haveAccountPage(email) : newAccountPage({ token, email, name: '', formToken }))
      },
    )

    app.post('/signup', { schema: { hide: true, body: AskForm } }, async (request, reply) => {
      const closed = closedPage()
      if (closed !== undefined) return send(reply, 404, closed)
      const { email, form_token } = request.body
      const again = (status: number, wrong: { message?: string; email?: string }): FastifyReply => {
        const formToken = strangerToken(forms, request, reply, asking, now())
        return send(reply, status, signUpPage({ email, formToken }, wrong))
      }
      if (!isStrangersOwn(forms, request, asking, form_token, now())) return again(403, { message: staleFormMessage })
      const mistake = emailMistake(email)
      if (mistake !== undefined) return again(400, { email: mistake })
      const address = normalizeEmail(email)
      return (
        requests.refused(request, reply, '/signup', now()) ??
        requests.answer(reply, signUpAskedPage(address, config.mail.development), () =>
          askToSignUp(deps, address, now()),
        )
      )
    })

    app.post('/signup/account', { schema: { hide: true, body: AccountForm } }, async (request, reply) => {
      const { token, form_token, name, password } = request.body
      const email = openSignUp(deps, token, now())
      if (email === undefined) return send(reply, 404, goneSignUpPage())
      const again = (status: number, wrong: Parameters<typeof newAccountPage>[1]): FastifyReply => {
        const formToken = strangerToken(forms, request, reply, creating, now())
        return send(reply, status, newAccountPage({ token, email, name, formToken }, wrong))
      }
      if (!isStrangersOwn(forms, request, creating, form_token, now())) return again(403, { message: staleFormMessage })
      const refused = requests.refused(request, reply, '/signup', now())
      if (refused) return refused
      const mistakes = personMistakes(email, { name, password })
      if (mistakes) return again(400, { mistakes })
      try {
        const { id: userId } = await signUp(deps, { token, name, password }, originOf(deps, request), now())
        const proven = { userId, methods: ['pwd' as const] }
        if (await answerSignIn(deps, request, reply, { proven, returnTo: undefined })) return reply
        return reply.redirect('/login', 303)
      } catch (error) {
        if (error instanceof Refusal && error.code === 'conflict') return send(reply, 409, haveAccountPage(email))
        if (error instanceof Refusal && error.code === 'not_found') return send(reply, 404, goneSignUpPage())
        throw error
      }
    })
  }
