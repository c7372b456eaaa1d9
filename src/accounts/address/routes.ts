// The routes by which a person has an address confirmed, or another one, and takes that back.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { Time } from '../../http/schemas.ts'
import { type AddressDeps, requestAddress, withdrawAddress } from './change.ts'

export const addressRoutes =
  (deps: AddressDeps & { now: () => number }): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/account/email',
      {
        schema: {
          operationId: 'requestOwnEmail',
          tags: ['Account'],
          summary: 'Have one’s e-mail address confirmed, or another one instead',
          description:
            'Mails a link to the address, which holds for an hour. The address counts once the link has been opened and confirmed, signed in to this account.',
          body: Type.Object({ email: Type.String({ minLength: 3, maxLength: 254 }) }, { additionalProperties: false }),
          response: { 202: Type.Object({ email: Type.String(), expires_at: Time }) },
        },
      },
      async ({ actor, body }, reply) => reply.code(202).send(await requestAddress(deps, actor, body.email, deps.now())),
    )
    app.delete(
      '/account/email',
      {
        schema: {
          operationId: 'withdrawOwnEmail',
          tags: ['Account'],
          summary: 'Leave one’s e-mail address as it is: the link that was mailed counts no more',
          response: { 200: Type.Object({ withdrawn: Type.Literal(true) }) },
        },
      },
      ({ actor }) => withdrawAddress(deps, actor, deps.now()),
    )
  }
