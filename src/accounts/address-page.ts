// GET and POST /verify-email: confirming an address in a browser, signed in as whoever asked. Opening the link changes nothing.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { FastifyReply } from 'fastify'
import { Refusal } from '../errors.ts'
import { formToken, isFormToken } from '../http/form-token.ts'
import { takeForms } from '../http/form.ts'
import { isFromOwnPage } from '../http/own-page.ts'
import { pageHeaders } from '../http/page.ts'
import { answerRefusals } from '../http/refused-page.ts'
import {
  addressDonePage,
  confirmAddressPage,
  goneAddressPage,
  otherPersonPage,
  takenAddressPage,
} from './address/address-pages.ts'
import { confirmAddress, openAddress } from './address/change.ts'
import type { MailedDeps } from './asking-page.ts'
import { malformedJoiningPage, staleFormMessage } from './joining-pages.ts'
import { originOf, sessionOf } from './login/finish-page.ts'

const text = Type.String({ maxLength: 2000, default: '' })
const ConfirmForm = Type.Object({ token: text, form_token: text }, { additionalProperties: false })

const purposeOf = (token: string): string => `confirm ${token}`

export const addressPages =
  (deps: MailedDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { store, box, now } = deps
    takeForms(app)
    answerRefusals(app, malformedJoiningPage)

    const send = (reply: FastifyReply, status: number, body: string): FastifyReply =>
      reply.code(status).headers(pageHeaders()).send(body)

    const toSignIn = (reply: FastifyReply, token: string): FastifyReply => {
      const back = encodeURIComponent(`/verify-email?token=${token}`)
      return reply.header('cache-control', 'no-store').redirect(`/login?return_to=${back}`, 303)
    }

    app.get(
      '/verify-email',
      { schema: { hide: true, querystring: Type.Object({ token: text }) } },
      async (request, reply) => {
        const { token } = request.query
        const found = await openAddress(store.db, box, token, now())
        if (!found) return send(reply, 404, goneAddressPage())
        const session = await sessionOf(deps, request)
        if (!session) return toSignIn(reply, token)
        if (session.userId !== found.userId) {
          const signOutToken = formToken(box, session.id, 'sign out', now())
          return send(reply, 403, otherPersonPage({ session, token, signOutToken }))
        }
        const own = formToken(box, session.id, purposeOf(token), now())
        return send(reply, 200, confirmAddressPage(found, { token, formToken: own }))
      },
    )

    app.post('/verify-email', { schema: { hide: true, body: ConfirmForm } }, async (request, reply) => {
      const { token, form_token } = request.body
      const found = await openAddress(store.db, box, token, now())
      if (!found) return send(reply, 404, goneAddressPage())
      const session = await sessionOf(deps, request)
      if (!session) return toSignIn(reply, token)
      if (!isFormToken(box, session.id, purposeOf(token), form_token, now()) || !isFromOwnPage(request.raw)) {
        const own = formToken(box, session.id, purposeOf(token), now())
        return send(reply, 403, confirmAddressPage(found, { token, formToken: own }, staleFormMessage))
      }
      try {
        const done = await confirmAddress(deps, token, session, originOf(deps, request), now())
        return done ? send(reply, 200, addressDonePage(done)) : send(reply, 404, goneAddressPage())
      } catch (error) {
        if (error instanceof Refusal && error.code === 'conflict') return send(reply, 409, takenAddressPage())
        throw error
      }
    })
  }
