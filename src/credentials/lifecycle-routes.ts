// What the routes of API keys and personal access tokens have alike: ends, rotation, and answers that hold a value.
import { Type } from 'typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Time } from '../http/schemas.ts'
import { maxExpiresInSeconds } from './expiry.ts'
import { defaultOverlapSeconds, maxOverlapSeconds } from './rotate.ts'
import type { State } from './wire.ts'

/** Fields of a body that say when the new credential ends. */
export const Expiry = {
  expires_in: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: maxExpiresInSeconds,
      description: 'Seconds from now. At most one of this and expires_at; neither: it never ends.',
    }),
  ),
  expires_at: Type.Optional(Time),
}

export const StateField = Type.Unsafe<State>({
  type: 'string',
  enum: ['active', 'expired', 'revoked'],
  description: 'Whether it is let in, or why not any more.',
})

export const StatusFilter = { status: Type.Optional(Type.Enum(['active', 'expired', 'revoked'])) }

export const RotateBody = Type.Object(
  {
    overlap_seconds: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: maxOverlapSeconds,
        default: defaultOverlapSeconds,
        description: 'How long the old one works on; 0: it is revoked at once.',
      }),
    ),
  },
  { additionalProperties: false },
)

/** Takes a request without a body for one with an empty object: every field of the body has a default. */
export const bodyOptional = (request: FastifyRequest, _reply: FastifyReply, done: () => void): void => {
  request.body ??= {}
  done()
}

/** For answers that hold a value: nothing on the way may keep them. */
export const noStore = <R extends FastifyReply>(reply: R): R => {
  reply.header('cache-control', 'no-store')
  return reply
}
