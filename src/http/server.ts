// The Fastify instance that everything is mounted on: request ids, strict validation, one error form, one line of log.
import type { IncomingMessage } from 'node:http'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { Ajv, type ValidateFunction } from 'ajv'
import formats from 'ajv-formats'
import fastJson, { type Schema } from 'fast-json-stringify'
import Fastify, {
  LogController,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify'
import type { Logger } from 'pino'
import type { Api } from '../config/config.ts'
import { type Code, Refusal } from '../errors.ts'
import type { Principal } from '../verify/decision.ts'
import { isStoreFault } from '../store/fault.ts'
import { type Answer, type Headers, errorAnswer, schemeOf } from '../verify/wire.ts'
import './fastify.ts'
import { newId } from '../uuid.ts'
import { createRequestLog } from './request-log.ts'
import { inWords } from './validation.ts'

export type Server = FastifyInstance

export interface ServerOptions {
  log: Logger
  /** Maps the request to the route that serves it (src/app.ts). */
  rewriteUrl?: (request: IncomingMessage) => string
  /** Whose profile an error is written in. */
  profileOf: (request: FastifyRequest) => Api
  requests?: 'all' | 'refused' | 'none'
  /** Whether the deployment is reached over https: browsers are told to use nothing else (RFC 6797). */
  secure?: boolean
  /** Milliseconds. Default 20,000. */
  bodyWithin?: number
}

/** How long a body of Latchkey's own routes may take; uploads through the gateway do not come here. */
const bodyTimeoutMs = 20_000

/** RFC 6797 §6.1, one year. Without includeSubDomains: hosts below may be others'. */
const strictTransport = 'max-age=31536000'

/** Fields of every answer, besides its request's id. */
export const answerHeaders = (secure: boolean): Headers => ({
  'x-content-type-options': 'nosniff',
  ...(secure && { 'strict-transport-security': strictTransport }),
})

/** Bodies are taken as they are or refused; only query strings and paths are text that may mean a number. */
const validators = () => {
  const options = { allErrors: false, removeAdditional: false, useDefaults: true, strict: false } as const
  const body = new Ajv({ ...options, coerceTypes: false })
  const text = new Ajv({ ...options, coerceTypes: true })
  for (const ajv of [body, text]) formats.default(ajv)
  return { body, text }
}

/** Compiled at the first request to the route: most commands and most processes ask few of them. */
const lazily = (compile: () => ValidateFunction) => {
  let compiled: ValidateFunction | undefined
  const validate: { (data: unknown): boolean; errors?: ValidateFunction['errors'] } = (data) => {
    compiled ??= compile()
    const valid = compiled(data)
    validate.errors = compiled.errors
    return valid
  }
  return validate
}

/** Whether a body fits the schema, as routes with this schema see it. */
export const bodyValidator = (schema: object): ((body: unknown) => boolean) =>
  lazily(() => validators().body.compile(schema))

const codeOf = (error: FastifyError | Error): Code => {
  if (isStoreFault(error)) return 'temporarily_unavailable'
  const { statusCode } = error as Partial<FastifyError>
  if (statusCode === 413) return 'payload_too_large'
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) return 'invalid_request'
  return 'internal_error'
}

/** What is wrong with the request, with the place. */
const told = (error: FastifyError | Error): string | undefined => {
  const { validation, validationContext, statusCode, code } = error as Partial<FastifyError>
  const first = validation?.[0]
  if (first) return `${validationContext ?? 'request'}${first.instancePath.replaceAll('/', '.')} ${inWords(first)}.`
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return 'Send the body as application/json.'
  if (code === 'FST_ERR_CTP_INVALID_JSON_BODY' || code === 'FST_ERR_CTP_EMPTY_JSON_BODY')
    return 'The body is not valid JSON.'
  return statusCode !== undefined && statusCode < 500 && statusCode !== 413 ? 'The request is malformed.' : undefined
}

/** What a thrown value is on the wire, in the API's profile; faults go to the log. `caller`: who asked, once that is known. */
export const thrownAnswer = (
  error: unknown,
  api: Api,
  requestId: string,
  log: Pick<Logger, 'error'>,
  caller?: Pick<Principal, 'thumbprint'>,
): Answer => {
  const refusal = error instanceof Refusal ? error : undefined
  const code = refusal?.code ?? codeOf(error as Error)
  if (refusal === undefined && (code === 'internal_error' || code === 'temporarily_unavailable'))
    log.error({ request_id: requestId, err: error }, 'fault')
  const text = refusal?.message ?? told(error as Error)
  const answer = errorAnswer(api, code, requestId, text, refusal?.missing, caller && schemeOf(caller))
  if (refusal?.retryAfterSeconds !== undefined) answer.headers['retry-after'] = String(refusal.retryAfterSeconds)
  return answer
}

export const sendAnswer = (reply: FastifyReply, { status, headers, body }: Answer): FastifyReply => {
  const { 'content-type': contentType, ...rest } = headers
  return reply
    .code(status)
    .headers(rest)
    .serializer((value: unknown) => JSON.stringify(value))
    .type(contentType ?? 'application/json; charset=utf-8')
    .send(body)
}

/** Makes the server with its hooks and error form; routes are registered by the caller. */
export const createServer = ({
  log,
  rewriteUrl,
  profileOf,
  requests = 'refused',
  secure = false,
  bodyWithin = bodyTimeoutMs,
}: ServerOptions): Server => {
  const server = Fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    // every line says its request_id itself; a logger for each request would cost more than judging a key
    childLoggerFactory: (logger) => logger,
    genReqId: () => newId(),
    requestIdHeader: false,
    bodyLimit: 1024 * 1024,
    routerOptions: { maxParamLength: 200 },
    // a path that cannot be decoded reaches no route
    frameworkErrors: (_error, request, reply) =>
      void sendAnswer(
        reply as unknown as FastifyReply,
        errorAnswer(
          profileOf(request as unknown as FastifyRequest),
          'invalid_request',
          request.id,
          'The path is malformed.',
        ),
      ),
    forceCloseConnections: 'idle',
    ...(rewriteUrl && { rewriteUrl: (request: IncomingMessage) => rewriteUrl(request) }),
  }).withTypeProvider<TypeBoxTypeProvider>()
  const { body, text } = validators()
  server.setValidatorCompiler(({ schema, httpPart }) =>
    lazily(() => (httpPart === 'body' ? body : text).compile(schema as object)),
  )
  server.setSerializerCompiler(({ schema }) => {
    let serialize: ((data: unknown) => string) | undefined
    return (data) => (serialize ??= fastJson(schema as Schema))(data)
  })
  const everywhere = answerHeaders(secure)
  server.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id).headers(everywhere)
    done()
  })
  // the framework would wait without end, and so many slow callers would take every connection
  server.addHook('preParsing', (request, _reply, payload, done) => {
    const { 'content-length': length = '0', 'transfer-encoding': coding } = request.headers
    if (length !== '0' || coding !== undefined) {
      const timer = setTimeout(() => request.raw.destroy(), bodyWithin).unref()
      const over = (): void => clearTimeout(timer)
      payload.once('end', over).once('close', over)
    }
    done(null, payload)
  })
  const logRequest = createRequestLog(log, requests)
  server.addHook('onResponse', (request, reply, done) => {
    const { method, url } = request.raw
    logRequest({
      id: request.id,
      method,
      host: request.headers.host,
      target: request.originalUrl ?? url ?? '',
      status: reply.statusCode,
      milliseconds: reply.elapsedTime,
    })
    done()
  })
  server.setErrorHandler((error: FastifyError | Error, request, reply) =>
    sendAnswer(reply, thrownAnswer(error, profileOf(request), request.id, request.log, request.principal)),
  )
  server.setNotFoundHandler((request, reply) =>
    sendAnswer(reply, errorAnswer(profileOf(request), 'not_found', request.id)),
  )
  return server as unknown as Server
}
