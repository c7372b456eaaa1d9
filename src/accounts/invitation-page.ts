// GET and POST /invitations/:link, POST /invitations/:link/account: accepting an invitation in a browser. Opening it changes nothing.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Refusal } from '../errors.ts'
import { formToken, isFormToken } from '../http/form-token.ts'
import { takeForms } from '../http/form.ts'
import { isFromOwnPage } from '../http/own-page.ts'
import { pageHeaders } from '../http/page.ts'
import { answerRefusals } from '../http/refused-page.ts'
import { isStrangersOwn, strangerToken } from '../http/stranger-form.ts'
import type { MailedDeps } from './asking-page.ts'
import { type OpenInvitation, acceptAsNew, acceptInvitation, openInvitation } from './invitations/accept.ts'
import {
  goneInvitationPage,
  joinPage,
  newMemberPage,
  otherAccountPage,
  signInToJoinPage,
} from './invitations/invitation-pages.ts'
import { malformedJoiningPage, personMistakes, staleFormMessage } from './joining-pages.ts'
import { answerSignIn, home, originOf, sessionOf } from './login/finish-page.ts'

const text = Type.String({ maxLength: 2000, default: '' })
const params = Type.Object({ link: Type.String({ maxLength: 200 }) })
const JoinForm = Type.Object({ form_token: text }, { additionalProperties: false })
const AccountForm = Type.Object({ form_token: text, name: text, password: text }, { additionalProperties: false })

const leadsTo = ({ organizationId }: OpenInvitation): string =>
  organizationId === null ? home : `/organizations/${organizationId}`

const purposeOf = ({ id }: OpenInvitation): string => `join ${id}`

export const invitationPages =
  (deps: MailedDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { config, store, box, requests, now } = deps
    const forms = { box, secure: config.issuer.startsWith('https:') }
    takeForms(app)
    answerRefusals(app, malformedJoiningPage)

    const send = (reply: FastifyReply, status: number, body: string): FastifyReply =>
      reply.code(status).headers(pageHeaders()).send(body)

    /** The page for whoever asks. */
    const show = async (
      request: FastifyRequest,
      reply: FastifyReply,
      { link, status = 200, message }: { link: string; status?: number; message?: string },
    ): Promise<FastifyReply> => {
      const invitation = await openInvitation(store.db, box, link, now())
      if (!invitation) return send(reply, 404, goneInvitationPage())
      const session = await sessionOf(deps, request)
      if (session?.email === invitation.email) {
        const token = formToken(box, session.id, purposeOf(invitation), now())
        return send(reply, status, joinPage(invitation, { link, session, formToken: token }, message))
      }
      if (session) {
        const signOutToken = formToken(box, session.id, 'sign out', now())
        return send(reply, status, otherAccountPage(invitation, { link, session, signOutToken }))
      }
      const known = await store.db
        .selectFrom('users')
        .select('id')
        .where('email', '=', invitation.email)
        .executeTakeFirst()
      if (known) return send(reply, status, signInToJoinPage(invitation, link))
      const token = strangerToken(forms, request, reply, purposeOf(invitation), now())
      return send(reply, status, newMemberPage(invitation, { link, name: '', formToken: token }))
    }

    app.get('/invitations/:link', { schema: { hide: true, params } }, (request, reply) =>
      show(request, reply, request.params),
    )

    app.post('/invitations/:link', { schema: { hide: true, params, body: JoinForm } }, async (request, reply) => {
      const { link } = request.params
      const invitation = await openInvitation(store.db, box, link, now())
      const session = await sessionOf(deps, request)
      if (!invitation || session?.email !== invitation.email) return show(request, reply, { link, status: 403 })
      const isOwn = isFormToken(box, session.id, purposeOf(invitation), request.body.form_token, now())
      if (!isOwn || !isFromOwnPage(request.raw))
        return show(request, reply, { link, status: 403, message: staleFormMessage })
      const joined = await acceptInvitation(store, box, link, session, originOf(deps, request), now())
      return joined ? reply.redirect(leadsTo(joined), 303) : send(reply, 404, goneInvitationPage())
    })

    const accountRoute = { schema: { hide: true, params, body: AccountForm } }
    app.post('/invitations/:link/account', accountRoute, async (request, reply) => {
      const { link } = request.params
      const { form_token, name, password } = request.body
      const invitation = await openInvitation(store.db, box, link, now())
      if (!invitation) return send(reply, 404, goneInvitationPage())
      const again = (status: number, wrong: Parameters<typeof newMemberPage>[2]): FastifyReply => {
        const token = strangerToken(forms, request, reply, purposeOf(invitation), now())
        return send(reply, status, newMemberPage(invitation, { link, name, formToken: token }, wrong))
      }
      if (!isStrangersOwn(forms, request, purposeOf(invitation), form_token, now()))
        return again(403, { message: staleFormMessage })
      const refused = requests.refused(request, reply, `/invitations/${link}`, now())
      if (refused) return refused
      const mistakes = personMistakes(invitation.email, { name, password })
      if (mistakes) return again(400, { mistakes })
      try {
        const accepted = await acceptAsNew(store, box, link, { name, password }, originOf(deps, request), now())
        if (!accepted) return send(reply, 404, goneInvitationPage())
        const proven = { userId: accepted.userId, methods: ['pwd' as const] }
        if (await answerSignIn(deps, request, reply, { proven, returnTo: leadsTo(accepted) })) return reply
        return reply.redirect('/login', 303)
      } catch (error) {
        if (error instanceof Refusal && error.code === 'conflict') return show(request, reply, { link, status: 409 })
        throw error
      }
    })
  }
