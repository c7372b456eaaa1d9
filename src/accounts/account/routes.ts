// Routes of one's own account: who one is, password, sessions, proving anew who one is. For people in a browser, never for a credential.
import type { AuthenticationResponseJSON } from '@simplewebauthn/server'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { FastifyRequest } from 'fastify'
import type { Config } from '../../config/config.ts'
import { ListOf, listQuery } from '../../http/list.ts'
import { Deleted, Id, Name, Nullable, Time } from '../../http/schemas.ts'
import { clearSessionCookie, setSessionCookie } from '../../http/session-cookie.ts'
import type { Mailer } from '../../mail/mailer.ts'
import type { Notices } from '../notices.ts'
import { maxPasswordLength, minPasswordLength } from '../password.ts'
import { getAccount } from './account.ts'
import { changePassword } from './change-password.ts'
import { deleteSelf } from './delete.ts'
import { endOthers, endOwnSession } from './end-sessions.ts'
import { listSessions } from './list-sessions.ts'
import type { ProofDeps } from './proof.ts'
import { proofChoices, reauthenticate } from './reauthenticate.ts'
import { renameSelf } from './rename.ts'

export interface AccountDeps extends ProofDeps {
  config: Pick<Config, 'issuer' | 'signIn'>
  notices: Notices
  mailer: Pick<Mailer, 'available'>
  /** Unix milliseconds. */
  now: () => number
}

const tags = ['Account']

const Account = Type.Object({
  id: Id,
  email: Type.String(),
  email_verified: Type.Boolean(),
  email_requested: Nullable(
    Type.Object({ email: Type.String(), expires_at: Time }, { description: 'What waits to be confirmed by its mail.' }),
  ),
  name: Type.String(),
  operator: Type.Boolean(),
  created_at: Time,
  password_set: Type.Boolean(),
  authenticator_app_added_at: Nullable(Time),
  passkeys: Type.Integer(),
  passkeys_available: Type.Boolean({ description: 'False where this deployment is reached by an address.' }),
  recovery_codes_left: Type.Integer(),
  proven_until: Nullable(Type.Unsafe<string>({ ...Time, description: 'Dangerous steps are taken until then.' })),
})

const SessionBody = Type.Object({
  id: Id,
  current: Type.Boolean({ description: 'Whether it is the one that asks.' }),
  device: Type.String({ description: 'As in `Firefox on Linux`.' }),
  ip: Nullable(Type.String({ description: 'Where it was signed in from.' })),
  methods: Type.Array(Type.String(), { description: 'Authentication method references (RFC 8176).' }),
  created_at: Time,
  authenticated_at: Time,
  last_active_at: Time,
  expires_at: Time,
})

const Password = Type.String({ minLength: 1, maxLength: maxPasswordLength * 4 })
const base64url = (maxLength: number) => Type.String({ pattern: '^[\\w-]*$', maxLength })

/** WebAuthn Level 3 §5.8: AuthenticationResponseJSON. */
const PasskeyAnswer = Type.Unsafe<AuthenticationResponseJSON>(
  Type.Object({
    id: base64url(1400),
    rawId: base64url(1400),
    type: Type.Literal('public-key'),
    response: Type.Object({
      clientDataJSON: base64url(4000),
      authenticatorData: base64url(4000),
      signature: base64url(4000),
      userHandle: Type.Optional(base64url(200)),
    }),
    clientExtensionResults: Type.Object({}),
    authenticatorAttachment: Type.Optional(Type.String({ maxLength: 40 })),
  }),
)

const RequestOptions = Type.Object({
  challenge: Type.String(),
  rpId: Type.String(),
  allowCredentials: Type.Array(
    Type.Object({
      id: Type.String(),
      type: Type.Literal('public-key'),
      transports: Type.Array(Type.String()),
    }),
  ),
  userVerification: Type.Literal('required'),
  timeout: Type.Integer(),
})

const Ended = Type.Object({ ended_sessions: Type.Integer() })

/** Where the request came from, as notices tell it. */
export const placeOf = (request: FastifyRequest) => ({
  ip: request.actor.ip,
  userAgent: request.headers['user-agent'],
})

export const accountRoutes =
  (deps: AccountDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { config, store, notices, now } = deps
    const { issuer } = config
    const secure = issuer.startsWith('https:')

    app.get(
      '/account',
      {
        schema: {
          operationId: 'getAccount',
          tags,
          summary: 'Your own account, and how you sign in',
          response: { 200: Account },
        },
      },
      (request) => getAccount(deps, request.actor, now()),
    )
    app.patch(
      '/account',
      {
        schema: {
          operationId: 'updateAccount',
          tags,
          summary: 'Change your name',
          body: Type.Object({ name: Name }, { additionalProperties: false }),
          response: { 200: Account },
        },
      },
      async (request) => {
        await renameSelf(store, request.actor, request.body.name, now())
        return getAccount(deps, request.actor, now())
      },
    )
    app.delete(
      '/account',
      {
        schema: {
          operationId: 'deleteAccount',
          tags,
          summary: 'Delete your account with all tokens and sessions',
          response: { 200: Deleted },
        },
      },
      async (request, reply) => {
        const user = await deleteSelf(store, request.actor, now())
        await notices.tell(user, 'account_deleted', placeOf(request), now())
        return clearSessionCookie(reply, secure).send({ id: user.id, deleted: true })
      },
    )
    app.post(
      '/account/password',
      {
        schema: {
          operationId: 'changePassword',
          tags,
          summary: 'Change your password; every other browser is signed out',
          body: Type.Object(
            {
              current_password: Type.Optional(Password),
              new_password: Type.String({ minLength: minPasswordLength, maxLength: maxPasswordLength }),
            },
            { additionalProperties: false },
          ),
          response: { 200: Ended },
        },
      },
      async (request) => {
        const { actor } = request
        const ended = await changePassword(deps, actor, request.body, now())
        await notices.tell(actor.userId ?? '', 'password_changed', placeOf(request), now())
        return ended
      },
    )
    app.get(
      '/account/sessions',
      {
        schema: {
          operationId: 'listSessions',
          tags,
          summary: 'List the browsers that you are signed in in',
          querystring: listQuery,
          response: { 200: ListOf(SessionBody) },
        },
      },
      (request) => listSessions(store, request.actor, request.query, now()),
    )
    app.delete(
      '/account/sessions',
      {
        schema: {
          operationId: 'endOtherSessions',
          tags,
          summary: 'Sign out every other browser',
          response: { 200: Ended },
        },
      },
      (request) => endOthers(store, request.actor, now()),
    )
    app.delete(
      '/account/sessions/:session_id',
      {
        schema: {
          operationId: 'endSession',
          tags,
          summary: 'Sign out a browser; its next request is refused',
          params: Type.Object({ session_id: Id }),
          response: { 200: Deleted },
        },
      },
      (request) => endOwnSession(store, request.actor, request.params.session_id, now()),
    )
    app.post(
      '/account/reauthenticate/options',
      {
        schema: {
          operationId: 'listProofs',
          tags,
          summary: 'By what you can prove anew who you are',
          response: {
            200: Type.Object({
              methods: Type.Array(
                Type.Union([Type.Literal('passkey'), Type.Literal('code'), Type.Literal('password')]),
              ),
              passkey: Nullable(RequestOptions),
            }),
          },
        },
      },
      (request) => proofChoices(deps, request.actor, issuer, now()),
    )
    app.post(
      '/account/reauthenticate',
      {
        schema: {
          operationId: 'reauthenticate',
          tags,
          summary: 'Prove anew who you are, by one of password, code and passkey; the session gets another cookie',
          body: Type.Object(
            {
              password: Type.Optional(Password),
              code: Type.Optional(Type.String({ minLength: 1, maxLength: 16 })),
              passkey: Type.Optional(PasskeyAnswer),
            },
            { additionalProperties: false, minProperties: 1, maxProperties: 1 },
          ),
          response: { 200: Type.Object({ proven_until: Time }) },
        },
      },
      async (request, reply) => {
        const { value, proven_until } = await reauthenticate(deps, request.actor, issuer, request.body, now())
        const maxAgeSeconds = config.signIn.sessions.absoluteMs / 1000
        return setSessionCookie(reply, value, { secure, maxAgeSeconds }).send({ proven_until })
      },
    )
  }
