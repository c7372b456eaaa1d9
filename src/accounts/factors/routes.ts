// Routes of one's own second factors, and of taking away everything from somebody who has lost them.
import type { PublicKeyCredentialCreationOptionsJSON, RegistrationResponseJSON } from '@simplewebauthn/server'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { Deleted, Id, Name, Nullable, Time } from '../../http/schemas.ts'
import { type AccountDeps, placeOf } from '../account/routes.ts'
import { confirmApp, removeApp, startApp } from './authenticator-app.ts'
import { resetFactors } from './factors.ts'
import { addPasskey, listPasskeys, passkeyOptions, removePasskey, renamePasskey } from './passkeys.ts'
import { remakeRecoveryCodes } from './recovery-codes.ts'

const tags = ['Account']

const Codes = Type.Array(Type.String(), { description: 'Shown once; each works once.' })
const FirstCodes = Nullable(
  Type.Unsafe<string[]>({ ...Codes, description: 'Shown once; null: you have some already.' }),
)

const fields = {
  id: Id,
  name: Type.String(),
  synced: Type.Boolean({ description: 'Whether it is kept in an account and comes along to other devices.' }),
  created_at: Time,
  last_used_at: Nullable(Time),
}
const PasskeyBody = Type.Object(fields)
const params = Type.Object({ passkey_id: Id })

const base64url = (maxLength: number) => Type.String({ pattern: '^[\\w-]*$', maxLength })

/** WebAuthn Level 3 §5.8: RegistrationResponseJSON. */
const Registration = Type.Unsafe<RegistrationResponseJSON>(
  Type.Object({
    id: base64url(1400),
    rawId: base64url(1400),
    type: Type.Literal('public-key'),
    response: Type.Object({
      clientDataJSON: base64url(4000),
      attestationObject: base64url(40_000),
      transports: Type.Optional(Type.Array(Type.String({ pattern: '^[a-z-]{1,20}$' }), { maxItems: 10 })),
    }),
    clientExtensionResults: Type.Object({}),
    authenticatorAttachment: Type.Optional(Type.String({ maxLength: 40 })),
  }),
)

export const factorsRoutes =
  (deps: AccountDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { config, store, notices, now } = deps
    const { issuer } = config

    app.post(
      '/account/authenticator-app/start',
      {
        schema: {
          operationId: 'startAuthenticatorApp',
          tags,
          summary: 'Begin to set up an authenticator app (RFC 6238); nothing is kept before its first code',
          response: {
            200: Type.Object({
              secret: Type.String({ description: 'To type in, base 32.' }),
              url: Type.String({ description: 'What the QR code says.' }),
              setup: Type.String({ description: 'To send back with the first code.' }),
              expires_at: Time,
            }),
          },
        },
      },
      (request) => startApp(deps, request.actor, issuer, now()),
    )
    app.post(
      '/account/authenticator-app',
      {
        schema: {
          operationId: 'confirmAuthenticatorApp',
          tags,
          summary: 'Set up the authenticator app, by its first code',
          body: Type.Object(
            {
              setup: Type.String({ minLength: 1, maxLength: 1000 }),
              code: Type.String({ minLength: 1, maxLength: 16 }),
            },
            { additionalProperties: false },
          ),
          response: { 201: Type.Object({ recovery_codes: FirstCodes }) },
        },
      },
      async (request, reply) => {
        const { actor } = request
        const confirmed = await confirmApp(deps, actor, request.body, now())
        await notices.tell(actor.userId ?? '', 'totp_added', placeOf(request), now())
        return reply.code(201).send(confirmed)
      },
    )
    app.delete(
      '/account/authenticator-app',
      {
        schema: {
          operationId: 'removeAuthenticatorApp',
          tags,
          summary: 'Remove the authenticator app',
          response: { 200: Type.Object({ removed: Type.Literal(true) }) },
        },
      },
      async (request) => {
        const { actor } = request
        const removed = await removeApp(deps, actor, now())
        await notices.tell(actor.userId ?? '', 'totp_removed', placeOf(request), now())
        return removed
      },
    )
    app.post(
      '/account/recovery-codes',
      {
        schema: {
          operationId: 'makeRecoveryCodes',
          tags,
          summary: 'Make new recovery codes; the former ones end',
          response: { 201: Type.Object({ recovery_codes: Codes }) },
        },
      },
      async (request, reply) => {
        const { actor } = request
        const recovery_codes = await remakeRecoveryCodes(deps, actor, now())
        await notices.tell(actor.userId ?? '', 'recovery_codes_made', placeOf(request), now())
        return reply.code(201).send({ recovery_codes })
      },
    )
    app.get(
      '/account/passkeys',
      {
        schema: {
          operationId: 'listPasskeys',
          tags,
          summary: 'List your passkeys',
          response: { 200: Type.Object({ data: Type.Array(PasskeyBody) }) },
        },
      },
      (request) => listPasskeys(deps, request.actor),
    )
    app.post(
      '/account/passkeys/options',
      {
        schema: {
          operationId: 'startPasskey',
          tags,
          summary: 'What a browser needs to make a passkey (WebAuthn Level 3)',
          response: {
            200: Type.Unsafe<PublicKeyCredentialCreationOptionsJSON>(Type.Object({}, { additionalProperties: true })),
          },
        },
      },
      (request) => passkeyOptions(deps, request.actor, issuer, now()),
    )
    app.post(
      '/account/passkeys',
      {
        schema: {
          operationId: 'addPasskey',
          tags,
          summary: 'Add the passkey that the browser has made',
          body: Type.Object({ name: Name, response: Registration }, { additionalProperties: false }),
          response: { 201: Type.Object({ ...fields, recovery_codes: FirstCodes }) },
        },
      },
      async (request, reply) => {
        const { actor } = request
        const added = await addPasskey(deps, actor, issuer, request.body, now())
        await notices.tell(actor.userId ?? '', 'passkey_added', placeOf(request), now(), added.name)
        return reply.code(201).send(added)
      },
    )
    app.patch(
      '/account/passkeys/:passkey_id',
      {
        schema: {
          operationId: 'renamePasskey',
          tags,
          summary: 'Rename a passkey',
          params,
          body: Type.Object({ name: Name }, { additionalProperties: false }),
          response: { 200: PasskeyBody },
        },
      },
      (request) => renamePasskey(deps, request.actor, request.params.passkey_id, request.body.name, now()),
    )
    app.delete(
      '/account/passkeys/:passkey_id',
      {
        schema: {
          operationId: 'removePasskey',
          tags,
          summary: 'Remove a passkey',
          params,
          response: { 200: Deleted },
        },
      },
      async (request) => {
        const { actor } = request
        const { id, name } = await removePasskey(deps, actor, request.params.passkey_id, now())
        await notices.tell(actor.userId ?? '', 'passkey_removed', placeOf(request), now(), name)
        return { id, deleted: true as const }
      },
    )
    app.delete(
      '/users/:user_id/factors',
      {
        schema: {
          operationId: 'resetFactors',
          tags: ['Users'],
          summary: 'Take all second factors from a user who has lost them, and end their sessions (operators)',
          params: Type.Object({ user_id: Id }),
          response: {
            200: Type.Object({
              id: Id,
              authenticator_app: Type.Boolean({ description: 'Whether there was one.' }),
              passkeys: Type.Integer({ description: 'How many there were.' }),
            }),
          },
        },
      },
      async (request) => {
        const reset = await resetFactors(store, request.actor, request.params.user_id, now())
        // from where an operator acts is nothing that the person would recognise
        await notices.tell(reset.id, 'factors_reset', { ip: undefined }, now())
        return reset
      },
    )
  }
