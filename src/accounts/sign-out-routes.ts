// POST /account/sign-out: ends the session that asks. Signing out of pages without script is /logout.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Config } from '../config/config.ts'
import { Deleted } from '../http/schemas.ts'
import { clearSessionCookie } from '../http/session-cookie.ts'
import type { Store } from '../store/store.ts'
import { requireSession } from './actor.ts'
import { endSession } from './sessions.ts'

export const signOutRoutes =
  ({
    store,
    config,
    now,
  }: {
    store: Store
    config: Pick<Config, 'issuer'>
    now: () => number
  }): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/account/sign-out',
      {
        schema: {
          operationId: 'signOut',
          tags: ['Account'],
          summary: 'End the session of this browser',
          response: { 200: Deleted },
        },
      },
      async ({ actor }, reply) => {
        requireSession(actor)
        await endSession(store, actor.id, { ip: actor.ip, requestId: actor.requestId }, now())
        return clearSessionCookie(reply, config.issuer.startsWith('https:')).send({ id: actor.id, deleted: true })
      },
    )
  }
