// GET and POST /oauth/logout: the end_session_endpoint (OpenID Connect RP-Initiated Logout §2). Nobody is signed out unasked but by
// a client that shows the person's own id_token, and nobody is led anywhere but to an address that the client has registered.
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { endSession, type Session } from '../accounts/sessions.ts'
import { hashOf } from '../credentials/format.ts'
import { clientAddress } from '../http/client-address.ts'
import { formToken, isFormToken } from '../http/form-token.ts'
import { isFromOwnPage } from '../http/own-page.ts'
import { pageHeaders } from '../http/page.ts'
import { clearSessionCookie } from '../http/session-cookie.ts'
import { signedIn } from '../http/signed-in.ts'
import { formTarget, isOfStranger, redirectTarget } from './authorize/respond.ts'
import { toOAuthError } from './errors.ts'
import { Form, formMediaType, maxFormLength } from './form.ts'
import type { OAuthDeps } from './grant.ts'
import { checkLogout, isByTheirClient, type LogoutRequest, logoutQueryOf } from './logout.ts'
import { askLogoutPage, expiredLogoutPage, refusedLogoutPage, signedOutPage } from './logout-page.ts'

const path = '/oauth/logout'
const purposeOf = (query: string): string => `${path} ${hashOf(query)}`

const queryForm = ({ raw: { url = '' } }: FastifyRequest): Form => {
  const mark = url.indexOf('?')
  return new Form(Buffer.from(mark === -1 ? '' : url.slice(mark + 1), 'latin1'))
}

const bodyForm = ({ body }: FastifyRequest): Form => new Form((body as Buffer | undefined) ?? Buffer.alloc(0))

export const logoutRoutes =
  (deps: OAuthDeps): FastifyPluginAsync =>
  async (app) => {
    const { config, store, box, lastUse, proxies, now } = deps
    const secure = config.issuer.startsWith('https:')

    const page = (reply: FastifyReply, status: number, body: string, targets: string[] = []): FastifyReply =>
      reply.code(status).headers(pageHeaders(targets)).send(body)

    const sessionOf = (request: FastifyRequest): Promise<Session | undefined> =>
      signedIn({ store, lastUse, secure }, request, now())

    const leave = (reply: FastifyReply, { client, redirectUri, state }: LogoutRequest): FastifyReply => {
      if (client === undefined || redirectUri === undefined) return page(reply, 200, signedOutPage())
      const address = state === undefined ? redirectUri : redirectTarget({ redirectUri }, { state })
      if (isOfStranger({ client, redirectUri }))
        return page(reply, 200, signedOutPage({ address, site: new URL(redirectUri).host }))
      return reply.headers({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' }).redirect(address, 303)
    }

    const signOut = async (
      request: FastifyRequest,
      reply: FastifyReply,
      asked: LogoutRequest,
      { id }: Session,
    ): Promise<FastifyReply> => {
      const origin = { ip: clientAddress(request.raw, proxies), requestId: request.id }
      await endSession(store, id, origin, now())
      return leave(clearSessionCookie(reply, secure), asked)
    }

    app.removeAllContentTypeParsers()
    app.addContentTypeParser(formMediaType, { parseAs: 'buffer', bodyLimit: maxFormLength }, (_request, body, done) =>
      done(null, body),
    )
    app.setErrorHandler((thrown, request, reply) => {
      const error = toOAuthError(thrown)
      if (error.status >= 500) request.log.error({ request_id: request.id, err: thrown }, 'fault')
      else request.log.info({ request_id: request.id, reason: error.description }, 'sign-out refused')
      return page(reply.headers(error.headers), error.status, refusedLogoutPage(error.description))
    })

    app.get(path, { exposeHeadRoute: false, schema: { hide: true } }, async (request, reply) => {
      const form = queryForm(request)
      const asked = await checkLogout(deps, form)
      const session = await sessionOf(request)
      if (!session) return leave(reply, asked)
      if (isByTheirClient(box, asked, session)) return signOut(request, reply, asked, session)
      const query = logoutQueryOf(form)
      const question = {
        email: session.email,
        clientName: asked.client?.name,
        query,
        formToken: formToken(box, session.id, purposeOf(query), now()),
      }
      const targets = asked.redirectUri === undefined ? [] : [formTarget(asked.redirectUri)]
      return page(reply, 200, askLogoutPage(question), targets)
    })

    // A post of another site comes without the session's cookie: it goes on as GET.
    app.post(path, { schema: { hide: true } }, async (request, reply) =>
      reply.header('cache-control', 'no-store').redirect(`${path}?${logoutQueryOf(bodyForm(request))}`, 303),
    )

    app.post(`${path}/decision`, { schema: { hide: true } }, async (request, reply) => {
      const form = queryForm(request)
      const query = logoutQueryOf(form)
      const asked = await checkLogout(deps, form)
      const session = await sessionOf(request)
      if (!session) return leave(reply, asked)
      const token = bodyForm(request).once(['form_token']).get('form_token') ?? ''
      return isFromOwnPage(request.raw) && isFormToken(box, session.id, purposeOf(query), token, now())
        ? signOut(request, reply, asked, session)
        : page(reply, 400, expiredLogoutPage(query))
    })
  }
