// POST /oauth/introspect: the introspection endpoint on Fastify.
import { Type } from 'typebox'
import type { FastifyPluginAsync } from 'fastify'
import { sendAnswer } from '../http/server.ts'
import type { DirectRoute } from '../http/short-way.ts'
import type { Answer } from '../verify/wire.ts'
import {
  clientFields,
  directForm,
  formRequestOf,
  type IncomingForm,
  everyAnswer,
  refuseOtherMethods,
  takeOAuthForms,
  thrownOAuthAnswer,
} from './endpoint.ts'
import { formMediaType } from './form.ts'
import type { OAuthDeps } from './grant.ts'
import { introspect } from './introspect.ts'

const url = '/oauth/introspect'

const Text = Type.Optional(Type.String())
const Seconds = Type.Optional(Type.Integer({ description: 'Unix seconds.' }))

const IntrospectionAnswer = Type.Object({
  active: Type.Boolean({ description: 'Whether the token is good for the caller. Where not, nothing else is told.' }),
  scope: Text,
  client_id: Text,
  token_type: Text,
  exp: Seconds,
  iat: Seconds,
  sub: Text,
  aud: Text,
  iss: Text,
  jti: Text,
  cnf: Type.Optional(Type.Object({ jkt: Type.String() })),
  org_id: Text,
  tier: Text,
  env: Text,
  kind: Text,
})

const ErrorAnswer = Type.Object({ error: Type.String(), error_description: Type.String() })

const schema = {
  operationId: 'introspect',
  summary: 'Ask what a token is (RFC 7662)',
  description:
    'For confidential clients made with `apis`, which serve these; for clients about what was issued to them; and for API keys with the scope `introspect`, as Bearer.',
  tags: ['OAuth'],
  consumes: [formMediaType],
  body: Type.Object({
    token: Type.String(),
    token_type_hint: Text,
    ip: Type.Optional(
      Type.String({
        description: 'Where the token came from (§2.1): without it, a key that is held to networks is not active.',
      }),
    ),
    ...clientFields,
  }),
  response: { 200: IntrospectionAnswer, 400: ErrorAnswer, 401: ErrorAnswer },
}

const refused = 'introspection refused'

/** Answers a request to the introspection endpoint, whichever way it came. Never throws. */
const answerIntrospection = async (deps: OAuthDeps, request: IncomingForm, id: string): Promise<Answer> => {
  try {
    return { status: 200, headers: everyAnswer, body: await introspect(deps, formRequestOf(request, id, deps)) }
  } catch (thrown) {
    return thrownOAuthAnswer(thrown, id, deps.log, refused)
  }
}

/** The short way. */
export const directIntrospection = (deps: OAuthDeps): DirectRoute =>
  directForm(url, (request, id) => answerIntrospection(deps, request, id))

export const introspectRoutes =
  (deps: OAuthDeps): FastifyPluginAsync =>
  async (app) => {
    takeOAuthForms(app, refused)
    app.post(url, { schema }, async (request, reply) =>
      sendAnswer(reply, await answerIntrospection(deps, request, request.id)),
    )
    refuseOtherMethods(app, url)
  }
