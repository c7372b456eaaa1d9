// RFC 6749 §3.1: the authorization endpoint. It keeps nothing before a person has allowed something: what was asked for
// travels in the address, through sign-in and consent, and is checked anew at each step.
import { hash } from 'node:crypto'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import type { Session } from '../../accounts/sessions.ts'
import { hashOf } from '../../credentials/format.ts'
import { clientAddress } from '../../http/client-address.ts'
import { formToken, isFormToken } from '../../http/form-token.ts'
import { isFromOwnPage } from '../../http/own-page.ts'
import { pageHeaders } from '../../http/page.ts'
import { signedIn } from '../../http/signed-in.ts'
import { OAuthError, toOAuthError } from '../errors.ts'
import { Form, formMediaType, maxFormLength } from '../form.ts'
import type { OAuthDeps } from '../grant.ts'
import { allow } from './allow.ts'
import { checkAuthorizationRequest } from './checks.ts'
import { consentPage, expiredPage, formPostPage, onwardPage, refusedPage, submitScript } from './consent-page.ts'
import { type NextStep, type Reach, chosenReach, mayAllow, nextStep } from './next-step.ts'
import { type AuthorizationRequest, type ReplyTo, queryOf } from './request.ts'
import { type AnswerParameters, codeAnswer, errorAnswer, formTarget, isOfStranger, redirectTarget } from './respond.ts'

const path = '/oauth/authorize'
const submitScriptSource = `'sha256-${hash('sha256', submitScript, 'base64')}'`

/** When this request asked for a sign-in, signed: without it `prompt=login` would be asked again after every sign-in. */
const askedField = '_asked'
const askedPurpose = (query: string): string => `${path} ${hashOf(query)}`

const queryIn = ({ raw: { url = '' } }: FastifyRequest): string => {
  const mark = url.indexOf('?')
  return mark === -1 ? '' : url.slice(mark + 1)
}

export const authorizeRoutes =
  (deps: OAuthDeps): FastifyPluginAsync =>
  async (app) => {
    const { config, store, box, lastUse, proxies, now } = deps
    const { issuer } = config
    const secure = issuer.startsWith('https:')

    const page = (
      reply: FastifyReply,
      status: number,
      body: string,
      targets: string[] = [],
      script?: string,
    ): FastifyReply => reply.code(status).headers(pageHeaders(targets, script)).send(body)

    const refused = (request: FastifyRequest, reply: FastifyReply, error: OAuthError): FastifyReply => {
      request.log.info(
        { request_id: request.id, error: error.error, reason: error.reason ?? error.description },
        'authorization refused',
      )
      return page(
        reply,
        error.status === 401 ? 400 : error.status,
        refusedPage(error.description, error.error, request.id),
      )
    }

    const answer = (reply: FastifyReply, to: ReplyTo, parameters: AnswerParameters): FastifyReply => {
      if (to.mode === 'form_post')
        return page(
          reply,
          200,
          formPostPage(to.redirectUri, parameters),
          [formTarget(to.redirectUri)],
          submitScriptSource,
        )
      // 303: a browser must not post the consent form's fields to the client (RFC 9700 §4.12)
      return reply
        .headers({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' })
        .redirect(redirectTarget(to, parameters), 303)
    }

    /** Of a request that nobody has been asked about. */
    const answerUnasked = (reply: FastifyReply, to: ReplyTo, error: OAuthError): FastifyReply => {
      const parameters = errorAnswer(issuer, to, error)
      if (!isOfStranger(to)) return answer(reply, to, parameters)
      return page(reply, 400, onwardPage(to, error, parameters), [formTarget(to.redirectUri)])
    }

    const sessionOf = (request: FastifyRequest): Promise<Session | undefined> =>
      signedIn({ store, lastUse, secure }, request, now())

    /** Makes the code, or says that a pushed request has been used. */
    const allowed = async (
      request: FastifyRequest,
      reply: FastifyReply,
      asked: AuthorizationRequest,
      query: string,
      reach: Reach,
      session: Session,
    ): Promise<FastifyReply> => {
      const pushedUri = new URLSearchParams(query).get('request_uri') ?? undefined
      const origin = { ip: clientAddress(request.raw, proxies), requestId: request.id }
      const code = await allow({ store, config }, asked, { session, reach, pushedUri }, origin, now())
      if (code === undefined) return page(reply, 400, expiredPage(query))
      return answer(reply, asked, codeAnswer(issuer, asked, code))
    }

    const take = async (
      request: FastifyRequest,
      reply: FastifyReply,
      asked: AuthorizationRequest,
      query: string,
      next: NextStep & { step: 'ask' | 'allow' },
    ): Promise<FastifyReply> => {
      const { session } = next
      if (next.step === 'allow') return allowed(request, reply, asked, query, next.reach, session)
      const { client, api, scopes, redirectUri } = asked
      return page(
        reply,
        200,
        consentPage({
          client,
          api,
          scopes,
          choices: next.choices,
          redirectUri,
          session,
          query,
          formToken: formToken(box, session.id, askedPurpose(query), now()),
        }),
        [formTarget(redirectUri)],
      )
    }

    app.removeAllContentTypeParsers()
    app.addContentTypeParser(formMediaType, { parseAs: 'buffer', bodyLimit: maxFormLength }, (_request, body, done) =>
      done(null, body),
    )
    app.setErrorHandler((thrown, request, reply) => {
      const error = toOAuthError(thrown)
      if (error.status >= 500) request.log.error({ request_id: request.id, err: thrown }, 'fault')
      reply.headers(error.headers)
      return refused(request, reply, error)
    })

    app.get(path, { exposeHeadRoute: false, schema: { hide: true } }, async (request, reply) => {
      const form = new Form(Buffer.from(queryIn(request), 'latin1'))
      const query = queryOf(form)
      // an alias leads to the issuer, with the API that it stands for
      const alias = request.site.kind === 'builtin' ? request.site.api : undefined
      if (alias) {
        const named = form.all('resource').length > 0 || form.all('request_uri').length > 0
        const resource = named ? '' : `&resource=${encodeURIComponent(alias.audience)}`
        return reply.header('cache-control', 'no-store').redirect(`${issuer}${path}?${query}${resource}`, 303)
      }
      const checked = await checkAuthorizationRequest(deps, 'authorize', form, undefined)
      if ('error' in checked) {
        if (!checked.replyTo) return refused(request, reply, checked.error)
        return answerUnasked(reply, checked.replyTo, checked.error)
      }
      const { request: asked } = checked
      const [mark] = form.all(askedField)
      const askedAt =
        mark !== undefined && isFormToken(box, 'sign-in', askedPurpose(query), mark, now())
          ? Number.parseInt(mark, 10)
          : undefined
      const next = await nextStep(deps, asked, await sessionOf(request), askedAt, now())
      if (next.step === 'refuse') return answerUnasked(reply, asked, next.error)
      if (next.step !== 'sign_in') return take(request, reply, asked, query, next)
      const back = `${path}?${query}&${askedField}=${formToken(box, 'sign-in', askedPurpose(query), now())}`
      const login = new URLSearchParams({ return_to: back })
      if (asked.loginHint !== undefined) login.set('login_hint', asked.loginHint)
      // who is signed in already is not enough
      const { prompt, maxAgeSeconds, expectedSubject, scopes } = asked
      if (
        prompt.has('login') ||
        prompt.has('select_account') ||
        maxAgeSeconds !== undefined ||
        expectedSubject !== null ||
        scopes.includes('manage')
      )
        login.set('prompt', 'login')
      return reply.header('cache-control', 'no-store').redirect(`/login?${login.toString()}`, 303)
    })

    // OpenID Connect Core §3.1.2.1 wants POST too. A post of another site comes without the session's cookie: it goes on as GET.
    app.post(path, { schema: { hide: true } }, async (request, reply) => {
      const form = new Form((request.body as Buffer | undefined) ?? Buffer.alloc(0))
      return reply.header('cache-control', 'no-store').redirect(`${path}?${queryOf(form)}`, 303)
    })

    app.post(`${path}/decision`, { schema: { hide: true } }, async (request, reply) => {
      const query = queryOf(new Form(Buffer.from(queryIn(request), 'latin1')))
      const session = await sessionOf(request)
      const fields = new Form((request.body as Buffer | undefined) ?? Buffer.alloc(0)).once([
        'form_token',
        'decision',
        'organization',
      ])
      const token = fields.get('form_token') ?? ''
      if (!session || !isFromOwnPage(request.raw) || !isFormToken(box, session.id, askedPurpose(query), token, now()))
        return page(reply, 400, expiredPage(query))
      const checked = await checkAuthorizationRequest(deps, 'authorize', new Form(Buffer.from(query)), undefined)
      if ('error' in checked) return refused(request, reply, checked.error)
      const { request: asked } = checked
      if (fields.get('decision') !== 'allow') {
        const denied = new OAuthError('access_denied', 'The person did not allow it')
        return answer(reply, asked, errorAnswer(issuer, asked, denied))
      }
      if (!mayAllow(asked, session.authenticatedAt, now())) return page(reply, 400, expiredPage(query))
      const reach = await chosenReach(store, asked, session.userId, fields.get('organization'))
      if (reach === 'none') return page(reply, 400, expiredPage(query))
      return allowed(request, reply, asked, query, reach, session)
    })
  }
