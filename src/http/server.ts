// The Fastify instance that everything is mounted on: request ids, strict validation, one error form, one line of log.
import { randomUUIDv7 } from 'node:crypto'
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
import { isStoreFault } from '../store/fault.ts'
import { errorAnswer } from '../verify/wire.ts'
import './fastify.ts'
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

const id = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const maybeSecret = /^(?:(?=[^\d]*\d).{20,}|.{40,})$/s

/** Without the query, and without what may be a credential that somebody put into the path; ids stay. */
const loggedPath = (target: string): string =>
  (target.split('?', 1)[0] ?? '')
    .split('/')
    .map((segment) => (maybeSecret.test(segment) && !id.test(segment) ? '…' : segment))
    .join('/')
    .slice(0, 500)

export const sendAnswer = (
  reply: FastifyReply,
  { status, headers, body }: { status: number; headers: Record<string, string>; body: object },
): FastifyReply => {
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
    genReqId: () => randomUUIDv7(),
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
  server.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id).header('x-content-type-options', 'nosniff')
    if (secure) reply.header('strict-transport-security', strictTransport)
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
  if (requests !== 'none') {
    server.addHook('onResponse', (request, reply, done) => {
      if (requests === 'all' || reply.statusCode >= 400) {
        const { method, url } = request.raw
        const path = loggedPath(request.originalUrl ?? url ?? '')
        request.log[reply.statusCode >= 500 ? 'error' : 'info'](
          {
            request_id: request.id,
            method,
            host: request.headers.host?.slice(0, 255),
            path,
            status: reply.statusCode,
            ms: Math.round(reply.elapsedTime * 10) / 10,
          },
          'request',
        )
      }
      done()
    })
  }
  server.setErrorHandler((error: FastifyError | Error, request, reply) => {
    const refusal = error instanceof Refusal ? error : undefined
    const code = refusal?.code ?? codeOf(error)
    if (refusal === undefined && (code === 'internal_error' || code === 'temporarily_unavailable'))
      request.log.error({ request_id: request.id, err: error }, 'fault')
    return sendAnswer(
      reply,
      errorAnswer(profileOf(request), code, request.id, refusal?.message ?? told(error), refusal?.missing),
    )
  })
  server.setNotFoundHandler((request, reply) =>
    sendAnswer(reply, errorAnswer(profileOf(request), 'not_found', request.id)),
  )
  return server as unknown as Server
}
