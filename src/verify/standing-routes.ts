// GET /revocations: an open stream that tells whose standing changes. For callers who keep answers of verify for a moment.
import type { FastifyPluginAsync } from 'fastify'
import { Type } from 'typebox'
import type { Logger } from 'pino'
import type { Config } from '../config/config.ts'
import { Refusal } from '../errors.ts'
import { watch } from '../gateway/watch.ts'
import type { Store } from '../store/store.ts'
import { presentedCredential } from './credential.ts'
import { requireVerify } from './items.ts'
import { StandingStreams } from './standing-stream.ts'
import type { Verifier } from './verify.ts'

export interface StandingDeps {
  config: Config
  store: Store
  verifier: Verifier
  log: Logger
}

const schema = {
  operationId: 'streamRevocations',
  summary: 'Hear whose standing changes, as server-sent events',
  description:
    'Events: `ready` (`resumed`: whether nothing was missed since `Last-Event-ID`; else drop every answer that you keep), `changed` (the kind and id of a credential, client, user or organization, or the client and user of what was allowed: drop the answers about it), `reset` (drop all).',
  tags: ['Verify'],
  response: { 200: { content: { 'text/event-stream': { schema: Type.String() } } } },
}

export const standingRoutes =
  ({ config, store, verifier, log }: StandingDeps): FastifyPluginAsync =>
  async (app) => {
    const streams = new StandingStreams(store, log)
    app.addHook('preClose', async () => streams.close())
    app.get('/revocations', { exposeHeadRoute: false, schema }, async (request, reply) => {
      const { actor, principal, site, raw, id } = request
      requireVerify(actor)
      const api = site.kind === 'management' ? site.api : config.management
      const presented = principal && presentedCredential(raw.rawHeaders, api.profile)
      // what stays open is judged again and again, and only a credential can be
      if (!presented || !('credential' in presented))
        throw new Refusal('forbidden', 'Open this with a credential of scope verify.')
      if (streams.full) throw new Refusal('temporarily_unavailable', 'Too many of these are open here.')
      const lastEventId = raw.headers['last-event-id']
      const { stream, end } = streams.open(typeof lastEventId === 'string' ? lastEventId : undefined)
      const judgement = { credential: presented.credential, thumbprint: principal.thumbprint, dryRun: true }
      const stop = watch(
        async () => {
          const decision = await verifier.judge(api, judgement)
          if (decision.valid) requireVerify(decision.principal)
          return decision
        },
        () => {
          log.info({ request_id: id }, 'stream of revocations ended: its credential is good no more')
          end()
        },
      )
      stream.once('close', stop)
      return reply
        .headers({ 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' })
        .send(stream)
    })
  }
