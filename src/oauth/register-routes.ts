// RFC 7591 and 7592: POST /oauth/register, and what a client does with its registration at the address that it was told.
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { InvalidMetadata, writeMetadata } from '../clients/metadata.ts'
import { anyRegistrar, organizationRegistrar, registerClient } from '../clients/register.ts'
import { findRegistered, type Registrant, replaceRegistration, withdrawRegistration } from '../clients/registration.ts'
import type { ClientRow } from '../clients/client.ts'
import type { Actor } from '../accounts/actor.ts'
import { Refusal } from '../errors.ts'
import { authenticate } from '../http/authenticate.ts'
import { clientAddress, networkOf } from '../http/client-address.ts'
import { Throttle } from '../limits/throttle.ts'
import { parseStrictObject } from '../tokens/strict-json.ts'
import { answerPreflights, everyAnswer } from './endpoint.ts'
import { OAuthError, type OAuthErrorCode, sendOAuthError, toOAuthError } from './errors.ts'
import type { OAuthDeps } from './grant.ts'

/** Octets. */
const maxBodyLength = 64 * 1024

const hourMs = 3_600_000
/** Of strangers, from one network and from all, in an hour. */
const mostOfNetwork = 20
const mostOfAll = 1000

const Metadata = Type.Object({}, { additionalProperties: true, description: 'Client metadata (RFC 7591 §2).' })
const Answer = Type.Object(
  { client_id: Type.String(), registration_access_token: Type.String(), registration_client_uri: Type.String() },
  { additionalProperties: true },
)
const ErrorAnswer = Type.Object({ error: Type.String(), error_description: Type.String() })
const errors = { 400: ErrorAnswer, 401: ErrorAnswer }
const tags = ['OAuth']

/** RFC 6750 §3.1: alike for everything that is wrong with the token or the address (RFC 7592 §2.1). */
const invalidToken = (): OAuthError =>
  new OAuthError('invalid_token', 'The registration access token is not that of this client', {
    status: 401,
    headers: { 'www-authenticate': 'Bearer realm="latchkey", error="invalid_token"' },
  })

const words: Partial<Record<Refusal['code'], OAuthErrorCode>> = {
  invalid_request: 'invalid_client_metadata',
  insufficient_scope: 'insufficient_scope',
  rate_limit_exceeded: 'temporarily_unavailable',
}

/** RFC 6749 §5.2 lets a description have neither quotes nor letters beyond ASCII. */
const plain = (text: string): string => text.replaceAll(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, "'")

const toError = (thrown: unknown): OAuthError => {
  if (thrown instanceof InvalidMetadata) return new OAuthError(thrown.error, plain(thrown.message))
  if (thrown instanceof Refusal)
    return new OAuthError(words[thrown.code] ?? 'access_denied', plain(thrown.message), { status: thrown.status })
  return toOAuthError(thrown)
}

const membersOf = ({ body }: FastifyRequest): Record<string, unknown> => {
  const members = Buffer.isBuffer(body) ? parseStrictObject(body.toString()) : undefined
  if (!members) throw new OAuthError('invalid_client_metadata', 'Send the metadata as a JSON object')
  if ((members.software_statement ?? undefined) !== undefined)
    throw new OAuthError('unapproved_software_statement', 'Software statements are not taken here')
  return members
}

export const registerRoutes =
  (deps: OAuthDeps): FastifyPluginAsync =>
  async (app) => {
    const { store, config, memory, proxies, now } = deps
    const perNetwork = new Throttle({ most: mostOfNetwork, windowMs: hourMs, memory, name: 'registrations by network' })
    const inAll = new Throttle({ most: mostOfAll, windowMs: hourMs, maxKeys: 1, memory, name: 'registrations' })

    app.decorateRequest('actor', null as never)
    app.decorateRequest('principal', undefined)
    app.removeAllContentTypeParsers()
    app.addContentTypeParser(
      'application/json',
      { parseAs: 'buffer', bodyLimit: maxBodyLength },
      (_request, body, done) => done(null, body),
    )
    app.addContentTypeParser('*', (_request, _payload, done) =>
      done(new OAuthError('invalid_client_metadata', 'Send the metadata as application/json')),
    )
    app.setValidatorCompiler(() => () => true) // the schema is for readers; metadata.ts parses
    app.addHook('onRequest', async (_request, reply) => {
      reply.headers(everyAnswer)
    })
    app.setErrorHandler((thrown, request, reply) => {
      const error = toError(thrown)
      if (error.status >= 500) request.log.error({ request_id: request.id, err: thrown }, 'fault')
      else
        request.log.info(
          { request_id: request.id, error: error.error, reason: error.reason ?? error.description },
          'registration refused',
        )
      return sendOAuthError(reply, error)
    })

    const answer = (row: ClientRow, token: string) => ({
      ...writeMetadata(row),
      registration_access_token: token,
      registration_client_uri: `${config.issuer}/oauth/register/${row.id}`,
    })

    const asOrganization = authenticate({
      ...deps,
      management: config.management,
      local: undefined,
      sessions: undefined,
    })
    const isStranger = ({ headers }: FastifyRequest): boolean =>
      config.oauth.registration === 'open' && headers.authorization === undefined

    /** Strangers wait; whoever brings a token for it is judged as at the management API. */
    const admit = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
      if (!isStranger(request)) return asOrganization.call(app, request, reply)
      const network = networkOf(clientAddress(request.raw, proxies))
      const waitMs = perNetwork.waitFor(network, now()) || inAll.waitFor('all', now())
      if (waitMs > 0)
        throw new OAuthError('temporarily_unavailable', 'Too many clients were registered. Retry later', {
          status: 429,
          headers: { 'retry-after': String(Math.ceil(waitMs / 1000)) },
        })
      return undefined
    }

    app.post(
      '/oauth/register',
      {
        onRequest: admit,
        schema: {
          operationId: 'registerClient',
          summary: 'Register a client (RFC 7591)',
          tags,
          security: config.oauth.registration === 'open' ? [] : [{ bearer: [] }],
          body: Metadata,
          response: { 201: Answer, ...errors },
        },
      },
      async (request, reply) => {
        const from = { ip: clientAddress(request.raw, proxies), requestId: request.id }
        const registrar = isStranger(request)
          ? anyRegistrar(config, from)
          : organizationRegistrar(config, request.actor satisfies Actor)
        const { row, secret, token } = await registerClient(store, config, registrar, membersOf(request), now())
        return reply.code(201).send({
          ...answer(row, token),
          ...(secret && {
            client_secret: secret.value,
            client_secret_expires_at: Math.floor((secret.expiresAt ?? 0) / 1000), // 0: never (§3.2.1)
          }),
        })
      },
    )

    answerPreflights(app, '/oauth/register', 'POST')

    const registrantOf = (request: FastifyRequest): Registrant => {
      const token = /^Bearer +([\w-]{1,100})$/i.exec(request.headers.authorization ?? '')?.[1]
      if (token === undefined) throw invalidToken()
      const { client_id: clientId } = request.params as { client_id: string }
      return { clientId, token, ip: clientAddress(request.raw, proxies), requestId: request.id }
    }
    const url = '/oauth/register/:client_id'
    const schema = { tags, params: Type.Object({ client_id: Type.String() }) }
    app.get(
      url,
      {
        schema: {
          ...schema,
          operationId: 'readRegistration',
          summary: 'What a client has registered (RFC 7592)',
          response: { 200: Answer, ...errors },
        },
      },
      async (request) => {
        const registrant = registrantOf(request)
        const row = await findRegistered(store.db, registrant)
        if (!row) throw invalidToken()
        return answer(row, registrant.token)
      },
    )
    app.put(
      url,
      {
        schema: {
          ...schema,
          operationId: 'replaceRegistration',
          summary: 'Replace what a client has registered, and its registration access token',
          body: Metadata,
          response: { 200: Answer, ...errors },
        },
      },
      async (request) => {
        const registrant = registrantOf(request)
        const replaced = await replaceRegistration(store, config, registrant, membersOf(request), now())
        if (!replaced) throw invalidToken()
        return answer(replaced.row, replaced.token)
      },
    )
    app.delete(
      url,
      {
        schema: {
          ...schema,
          operationId: 'withdrawRegistration',
          summary: 'End a client and its tokens',
          response: { 204: Type.Null(), ...errors },
        },
      },
      async (request, reply) => {
        if (!(await withdrawRegistration(store, registrantOf(request), now()))) throw invalidToken()
        return reply.code(204).send()
      },
    )
  }
