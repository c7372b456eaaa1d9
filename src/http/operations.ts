// What operators' machines ask: /healthz, /readyz and /metrics, on any host.
import type { FastifyPluginAsync } from 'fastify'
import type { BlockList } from 'node:net'
import type { Api } from '../config/config.ts'
import type { Store } from '../store/store.ts'
import { presentedCredential } from '../verify/credential.ts'
import type { Verifier } from '../verify/verify.ts'
import { denialAnswer, errorAnswer, missingAnswer } from '../verify/wire.ts'
import { callerOf } from './caller-facts.ts'
import type { Metrics } from './metrics.ts'
import { sendAnswer } from './server.ts'
import { isFromThisMachine } from './this-machine.ts'

export interface OperationsDeps {
  store: Store
  metrics: Metrics
  verifier: Verifier
  management: Api
  proxies: BlockList
  now: () => number
  /** False from the moment a stop has begun. */
  accepting: () => boolean
}

export const operationsRoutes =
  ({ store, metrics, verifier, management, proxies, now, accepting }: OperationsDeps): FastifyPluginAsync =>
  async (server) => {
    server.get('/healthz', { schema: { hide: true } }, () => ({ status: 'ok' }))
    server.get('/readyz', { schema: { hide: true } }, async (_request, reply) => {
      if (!accepting()) return reply.code(503).header('retry-after', '1').send({ status: 'stopping' })
      try {
        await store.ping()
        return { status: 'ready' }
      } catch {
        return reply.code(503).header('retry-after', '1').send({ status: 'store unavailable' })
      }
    })
    server.get('/metrics', { schema: { hide: true } }, async (request, reply) => {
      if (!isFromThisMachine(request.raw)) {
        const presented = presentedCredential(request.raw.rawHeaders, management.profile)
        // on any host, so that there is no address that a proof could be for
        if ('missing' in presented || ('proofs' in presented && presented.proofs !== undefined))
          return sendAnswer(reply, missingAnswer(management, request.id))
        if ('malformed' in presented)
          return sendAnswer(reply, errorAnswer(management, 'invalid_request', request.id, presented.malformed))
        const decision = await verifier.judge(management, {
          credential: presented.credential,
          caller: callerOf(request.raw, { proxies, method: 'GET', path: '/metrics', requestId: request.id }),
          scopes: ['metrics'],
        })
        if (!decision.valid) return sendAnswer(reply, denialAnswer(management, decision, request.id, now()))
      }
      return reply.type(metrics.contentType).send(await metrics.text())
    })
  }
