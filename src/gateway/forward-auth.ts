// Forward-auth: other proxies (nginx auth_request, Traefik, Caddy, Envoy ext_authz over HTTP) ask whether a request of theirs is let in.
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import type { Api, Config } from '../config/config.ts'
import { isTrusted } from '../http/client-address.ts'
import { sendAnswer } from '../http/server.ts'
import type { SigningKeys } from '../tokens/signing-keys.ts'
import type { Verifier } from '../verify/verify.ts'
import { type Answer, callerHeaders, errorAnswer } from '../verify/wire.ts'
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

export const forwardAuthRoutes = ({ config, sites, verifier, keys, log, now }: ForwardAuthDeps): FastifyPluginAsync => {
  const identify = createIdentify(keys, config.issuer, now)
  const none: Described = { method: undefined, host: '', path: '/', query: '' }

  const find = (
    { api: name }: Question,
    described: Described | undefined,
    request: FastifyRequest,
  ): Api | undefined => {
    if (name !== undefined) return config.apis.get(name)
    if (described) return sites.apiAt(described.host, described.path)
    const host = requestHost(request.raw.rawHeaders)
    return host === undefined ? undefined : sites.apiAt(host, '/')
  }

  const decide = async (
    request: FastifyRequest,
    reply: FastifyReply,
    question: Question,
  ): Promise<Answer | undefined> => {
    const { raw, id } = request
    const described = describedRequest(raw, question.rest, isTrusted(config.trustedProxies, raw.socket.remoteAddress))
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
    const admission = await admit({ verifier, log, now }, api, { method, path, query, rawHeaders: raw.rawHeaders }, id)
    if ('answer' in admission) return admission.answer
    const { admitted } = admission
    try {
      const identity = await identify(api, api.upstreams.get(admitted.principal.environment), admitted.principal)
      reply.headers({ ...allIdentityHeaders(admitted.principal, identity), ...callerHeaders(api, admitted, now()) })
      return undefined
    } catch (error) {
      return faultAnswer(api, id, error, log)
    }
  }

  /** Runs before the framework looks at the body, which is ignored. */
  const answer = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    reply.header('cache-control', 'no-store')
    const question = readQuestion(originForm(request.raw.url ?? '', request.headers.host ?? ''))
    if ('malformed' in question)
      return sendAnswer(reply, errorAnswer(config.management, 'invalid_request', request.id, question.malformed))
    const refused = await decide(request, reply, question)
    if (!refused) return reply.code(200).send()
    return sendAnswer(reply, question.deny403 ? as403(refused) : refused)
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
