// Forward-auth: other proxies (nginx auth_request, Traefik, Caddy, Envoy ext_authz over HTTP) ask whether a request of theirs is let in.
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import type { Api, Config } from '../config/config.ts'
import { describedCallerOf } from '../http/caller-facts.ts'
import { isTrusted } from '../http/client-address.ts'
import { sendAnswer } from '../http/server.ts'
import type { DirectRoute, RequestHead } from '../http/short-way.ts'
import { type MaybePromise, andThen, orElse } from '../store/maybe-promise.ts'
import type { SigningKeys } from '../tokens/signing-keys.ts'
import type { Verifier } from '../verify/verify.ts'
import { type Answer, type Headers, callerHeaders, errorAnswer, written } from '../verify/wire.ts'
import { originAt, toldOrigin } from './address.ts'
import { admit, faultAnswer } from './admission.ts'
import { type Described, describedRequest } from './described-request.ts'
import { everyMethod } from './every-method.ts'
import { allIdentityHeaders, createIdentify } from './identity.ts'
import type { Sites } from './sites.ts'
import { type Malformed, originForm, requestHost } from './target.ts'

export interface ForwardAuthDeps {
  config: Config
  sites: Sites
  verifier: Verifier
  keys: SigningKeys
  log: Logger
  /** Unix milliseconds. */
  now: () => number
}

const place = '/forward-auth'

interface Question {
  /** `?api=` */
  api: string | undefined
  /** `?deny=403` */
  deny403: boolean
  /** Path and query below /forward-auth: the proxy's caller wrote them. */
  rest: string | undefined
}

/** Below /forward-auth the query is the caller's and names nothing here: only the proxy itself says `?api=` and `?deny=`. */
const readQuestion = (url: string): Question | Malformed => {
  if (url.startsWith(`${place}/`)) return { api: undefined, deny403: false, rest: url.slice(place.length) }
  if (url !== place && !url.startsWith(`${place}?`)) return { malformed: `Ask at ${place}, spelled so.` }
  const query = new URLSearchParams(url.slice(place.length))
  const [apis, denials] = [query.getAll('api'), query.getAll('deny')]
  if (apis.length > 1 || denials.length > 1) return { malformed: 'Send api and deny once each.' }
  if (denials[0] !== undefined && denials[0] !== '403') return { malformed: 'The only value of deny is 403.' }
  return { api: apis[0], deny403: denials[0] === '403', rest: undefined }
}

/** Whether a decision needs to know more of the request than its credential. */
const needsRequest = ({ requiredScopes, organization }: Api): boolean =>
  requiredScopes.length > 0 || organization?.path !== undefined || organization?.query !== undefined

const needsMethod = ({ requiredScopes }: Api): boolean => requiredScopes.some(({ methods }) => methods !== undefined)

/** nginx passes on only 2xx, 401 and 403: any other status goes into a field of its own. */
const as403 = (answer: Answer): Answer =>
  answer.status === 401
    ? answer
    : { ...answer, status: 403, headers: { ...answer.headers, 'x-latchkey-status': String(answer.status) } }

/** An answer, without a body where the request is let in. */
type Decided = Omit<Answer, 'body'> & { body?: object; shared?: Readonly<Headers> }

/** Decides about the request that a proxy asks about. Never throws. */
export type ForwardAuth = (request: RequestHead, requestId: string) => MaybePromise<Decided>

const none: Described = { method: undefined, host: '', path: '/', query: '' }
const maxQuestions = 100

export const createForwardAuth = ({ config, sites, verifier, keys, log, now }: ForwardAuthDeps): ForwardAuth => {
  const identify = createIdentify(keys, config.issuer, now)
  /** Questions by the target that they were read from: a proxy asks the same one again and again. */
  const questions = new Map<string, Question | Malformed>()

  const questionOf = (target: string): Question | Malformed => {
    const known = questions.get(target)
    if (known) return known
    const question = readQuestion(target)
    if ('malformed' in question || question.rest !== undefined) return question
    if (questions.size >= maxQuestions) questions.clear()
    questions.set(target, question)
    return question
  }

  const find = (
    { api: name }: Question,
    described: Described | undefined,
    { rawHeaders }: RequestHead,
  ): Api | undefined => {
    if (name !== undefined) return config.apis.get(name)
    if (described) return sites.apiAt(described.host, described.path)
    const host = requestHost(rawHeaders)
    return host === undefined ? undefined : sites.apiAt(host, '/')
  }

  /** The host that led to the API is one of the configuration; where `?api=` did, it is still to be looked at. */
  const addressOf = (api: Api, { host, path }: Described): string | undefined => {
    const led = sites.apiAt(host, path) === api
    const origin = led ? originAt(config.issuer, host) : toldOrigin(config.issuer, api, host)
    return origin && origin + path
  }

  const decide = (request: RequestHead, id: string, question: Question): MaybePromise<Decided> => {
    const described = describedRequest(request, question.rest, () =>
      isTrusted(config.trustedProxies, request.socket.remoteAddress),
    )
    const malformed = described !== undefined && 'malformed' in described ? described.malformed : undefined
    if (malformed !== undefined)
      return errorAnswer(config.apis.get(question.api ?? '') ?? config.management, 'invalid_request', id, malformed)
    const known = described as Described | undefined
    const api = find(question, known, request)
    if (!api) return errorAnswer(config.management, 'forbidden', id, 'No API of this Latchkey matches the request.')
    if (!known && needsRequest(api)) {
      return errorAnswer(
        api,
        'invalid_request',
        id,
        'The request asked about is not described by a trusted proxy: send X-Forwarded-Method, -Host and -Uri, and see LATCHKEY_TRUSTED_PROXIES.',
      )
    }
    if (known?.method === undefined && needsMethod(api))
      return errorAnswer(
        api,
        'invalid_request',
        id,
        'The method of the request asked about is missing: send X-Forwarded-Method or X-Original-Method.',
      )
    const { path, query, method = 'GET' } = known ?? none
    const { rawHeaders } = request
    const address = (): string | undefined => (known?.method === undefined ? undefined : addressOf(api, known))
    const facts = { proxies: config.trustedProxies, method: known?.method, path: known?.path, requestId: id }
    const caller = describedCallerOf(request, facts)
    return andThen(
      admit({ verifier, log, now }, api, { method, path, query, rawHeaders, address, caller }, id),
      (admission) => {
        if ('answer' in admission) return admission.answer
        const { admitted } = admission
        const { principal } = admitted
        return orElse<Decided>(
          () =>
            andThen(identify(api, api.upstreams.get(principal.environment), principal), (identity) => ({
              status: 200,
              headers: { 'cache-control': 'no-store', ...callerHeaders(api, admitted, now()) },
              shared: allIdentityHeaders(principal, identity),
            })),
          (fault) => faultAnswer(api, id, fault, log),
        )
      },
    )
  }

  return (request, id) => {
    const target = request.url ?? ''
    const question = questionOf(
      target.startsWith('/') ? target : originForm(target, requestHost(request.rawHeaders) ?? ''),
    )
    if ('malformed' in question) return errorAnswer(config.management, 'invalid_request', id, question.malformed)
    return andThen(decide(request, id, question), (decided) =>
      decided.body !== undefined && question.deny403 ? as403(decided as Answer) : decided,
    )
  }
}

/** The short way, of the method that nearly all proxies ask with. */
export const directForwardAuth = (decide: ForwardAuth): DirectRoute => ({
  method: 'GET',
  path: place,
  query: true,
  answer: (request, _body, id) =>
    andThen(decide(request, id), ({ status, headers, shared, body }) =>
      body === undefined
        ? { status, headers, ...(shared && { shared }), body: '' }
        : written({ status, headers, body }),
    ),
})

export const forwardAuthRoutes = (decide: ForwardAuth): FastifyPluginAsync => {
  /** Runs before the framework looks at the body, which is ignored. */
  const answer = async ({ raw, id }: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { status, headers, shared = {}, body } = await decide(raw, id)
    return body === undefined
      ? reply.code(status).headers(headers).headers(shared).send()
      : sendAnswer(reply, { status, headers, body })
  }

  return async (server) => {
    const method = everyMethod(server)
    for (const url of [place, `${place}/*`]) {
      server.route({
        method,
        url,
        exposeHeadRoute: false,
        schema: { hide: true },
        onRequest: answer,
        handler: () => {
          throw new Error('Forward-auth answers before the body is read.')
        },
      })
    }
  }
}
