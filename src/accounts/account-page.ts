// GET /account and what its buttons post: one's own account in a browser, without a line of script. Mounted at the root of the issuer's host.
import type { BlockList } from 'node:net'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../config/config.ts'
import { Refusal } from '../errors.ts'
import { clientAddress } from '../http/client-address.ts'
import { formToken, isFormToken } from '../http/form-token.ts'
import { takeForms } from '../http/form.ts'
import { isFromOwnPage } from '../http/own-page.ts'
import { pageHeaders } from '../http/page.ts'
import { answerRefusals } from '../http/refused-page.ts'
import { signedIn } from '../http/signed-in.ts'
import type { SecretBox } from '../secret-box.ts'
import type { Store } from '../store/store.ts'
import { type Notice, accountPage, malformedAccountPage } from './account/account-pages.ts'
import { listApplications } from './applications/list.ts'
import { revokeApplication } from './applications/revoke.ts'
import { type Session, type SessionOrigin, sessionActor } from './sessions.ts'

const text = Type.String({ default: '' })
const RevokeForm = Type.Object({ form_token: text, client_id: text }, { additionalProperties: false })

/** Of one page; nobody has so many. */
const maxApplications = 100

export interface AccountDeps {
  config: Config
  store: Store
  box: SecretBox
  proxies: BlockList
  /** Unix milliseconds. */
  now: () => number
}

export const accountPages =
  (deps: AccountDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { config, store, box, proxies, now } = deps
    const secure = config.issuer.startsWith('https:')
    takeForms(app)
    answerRefusals(app, malformedAccountPage)

    const originOf = (request: FastifyRequest): SessionOrigin => ({
      ip: clientAddress(request.raw, proxies),
      requestId: request.id,
    })

    const toSignIn = (reply: FastifyReply): FastifyReply =>
      reply.header('cache-control', 'no-store').redirect('/login?return_to=%2Faccount', 303)

    const revokePurpose = (clientId: string): string => `revoke ${clientId}`

    const send = async (
      request: FastifyRequest,
      reply: FastifyReply,
      session: Session,
      status: number,
      notice?: Notice,
    ): Promise<FastifyReply> => {
      const actor = sessionActor(session, originOf(request))
      const page = await listApplications(deps, actor, { limit: maxApplications }, now())
      const tokens = {
        signOut: formToken(box, session.id, 'sign out', now()),
        revoke: (clientId: string) => formToken(box, session.id, revokePurpose(clientId), now()),
      }
      return reply
        .code(status)
        .headers(pageHeaders())
        .send(accountPage(session, page, tokens, notice))
    }

    const Query = Type.Object({ done: Type.Optional(Type.Literal('revoked')) })
    app.get('/account', { schema: { hide: true, querystring: Query } }, async (request, reply) => {
      const session = await signedIn({ store, secure }, request, now())
      return session ? send(request, reply, session, 200, request.query.done) : toSignIn(reply)
    })

    app.post('/account/applications/revoke', { schema: { hide: true, body: RevokeForm } }, async (request, reply) => {
      const session = await signedIn({ store, secure }, request, now())
      if (!session) return toSignIn(reply)
      const { client_id, form_token } = request.body
      if (!isFormToken(box, session.id, revokePurpose(client_id), form_token, now()) || !isFromOwnPage(request.raw))
        return send(request, reply, session, 403, 'stale')
      try {
        await revokeApplication(store, sessionActor(session, originOf(request)), { client_id }, now())
      } catch (error) {
        // it was revoked meanwhile, in another tab
        if (!(error instanceof Refusal && error.code === 'not_found')) throw error
      }
      return reply.redirect('/account?done=revoked', 303)
    })
  }
