// How an API answers its callers, told to a program that stands before it and answers in its place: made by the functions that
// write the answers here, with placeholders where a request has something to say.
import { Type } from 'typebox'
import type { Api } from '../config/config.ts'
import type { Code } from '../errors.ts'
import { takesDpop } from '../profiles/profile.ts'
import { type Answer, type Scheme, deprecationHeaders, errorAnswer, errorBody, missingAnswer } from './wire.ts'

/** What a description has in the place of what only a request knows. */
const placeholders = { requestId: '{request_id}', message: '{message}', scope: '{scope}' }

/** Codes that a request can be refused with by whoever asks verify. */
const codes: readonly Code[] = [
  'invalid_api_key',
  'expired_token',
  'insufficient_scope',
  'organization_forbidden',
  'environment_mismatch',
  'forbidden',
  'rate_limit_exceeded',
  'invalid_request',
  'temporarily_unavailable',
]

const Text = Type.Record(Type.String(), Type.String())

const DescribedAnswer = Type.Object({
  code: Type.String(),
  scheme: Type.Unsafe<Scheme>({ type: 'string', enum: ['Bearer', 'DPoP'] }),
  missing: Type.Optional(Type.Boolean({ description: 'To a caller who sent no credential.' })),
  limit: Type.Optional(Type.String({ description: 'The limit that refused.' })),
  status: Type.Integer(),
  headers: Text,
  body: Type.Record(Type.String(), Type.Unknown()),
})

export const Description = Type.Object({
  api: Type.String(),
  audience: Type.String(),
  environments: Type.Array(Type.String()),
  accepts: Type.Array(Type.String()),
  presentation: Type.Object({
    bearer: Type.Boolean(),
    bare: Type.Boolean(),
    header: Type.Optional(Type.String()),
    dpop: Type.Boolean(),
  }),
  limits: Type.Array(
    Type.Object({
      name: Type.String(),
      per: Type.String(),
      period: Type.Unsafe<number | 'month'>({ anyOf: [{ type: 'integer' }, { type: 'string', enum: ['month'] }] }),
    }),
    { description: 'Periods in seconds, or the calendar month in UTC.' },
  ),
  reset: Type.Unsafe<'unix' | 'iso8601'>({ type: 'string', enum: ['unix', 'iso8601'] }),
  deprecation: Type.Optional(Text),
  answers: Type.Array(DescribedAnswer, {
    description: `Refusals, with ${Object.values(placeholders).join(', ')} where a request says what stands there.`,
  }),
})

const described = (code: Code, scheme: Scheme, { status, headers, body }: Answer) => ({
  code,
  scheme,
  status,
  headers: headers,
  body: body as Record<string, unknown>,
})

export const describe = (api: Api) => {
  const { profile } = api
  const { requestId, message, scope } = placeholders
  const dpop = takesDpop(profile)
  const refusal = (code: Code, scheme: Scheme) =>
    described(
      code,
      scheme,
      errorAnswer(api, code, requestId, code === 'invalid_request' ? message : undefined, [scope], scheme),
    )
  return {
    api: api.name,
    audience: api.audience,
    environments: [...api.environments],
    accepts: [...profile.accepts],
    presentation: { bare: false, ...profile.presentation, dpop },
    limits: profile.limits.map(({ name, per, period }) => ({ name, per, period })),
    reset: profile.reset,
    ...(api.legacyTokens && { deprecation: deprecationHeaders(api) }),
    answers: [
      { ...described('invalid_api_key', 'Bearer', missingAnswer(api, requestId)), missing: true },
      ...codes.map((code) => refusal(code, 'Bearer')),
      ...(dpop ? codes.map((code) => refusal(code, 'DPoP')) : []),
      ...profile.limits.map(({ name, period }) => ({
        ...refusal('rate_limit_exceeded', 'Bearer'),
        limit: name,
        body: errorBody(profile, 'rate_limit_exceeded', requestId, undefined, period) as Record<string, unknown>,
      })),
    ],
  }
}
