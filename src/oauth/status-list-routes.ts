// GET /status-lists/:id: a status list as a signed JWT or CWT, public and kept for a moment (draft-ietf-oauth-status-list-21 §8.1, §8.2).
import { Type } from 'typebox'
import type { FastifyPluginAsync } from 'fastify'
import { Refusal } from '../errors.ts'
import { type StatusLists, statusListSeconds } from './status-lists.ts'

const types = { jwt: 'application/statuslist+jwt', cwt: 'application/statuslist+cwt' }

/** How much `accept` wants the type, 0 to 1; the narrowest range that names it counts (RFC 9110 §12.5.1). */
const quality = (accept: string, type: string): number => {
  const ranges = ['*/*', 'application/*', type]
  let [narrowest, wanted] = [-1, 0]
  for (const part of accept.toLowerCase().split(',')) {
    const [range = '', ...parameters] = part.split(';').map((word) => word.trim())
    if (ranges.indexOf(range) <= narrowest) continue
    const q = parameters.find((parameter) => parameter.startsWith('q='))
    narrowest = ranges.indexOf(range)
    wanted = q === undefined ? 1 : Number(q.slice(2)) || 0
  }
  return wanted
}

const binary = { schema: Type.String({ format: 'binary' }) }

const schema = {
  operationId: 'statusList',
  summary: 'Which access tokens are revoked (Token Status List)',
  tags: ['OAuth'],
  security: [],
  params: Type.Object({ id: Type.String() }),
  response: { 200: { content: { [types.jwt]: binary, [types.cwt]: binary } } },
}

export const statusListRoutes =
  (lists: StatusLists, now: () => number): FastifyPluginAsync =>
  async (app) => {
    app.get<{ Params: { id: string } }>('/status-lists/:id', { schema }, async (request, reply) => {
      reply.headers({ 'access-control-allow-origin': '*', vary: 'Accept' }) // as all that is published
      const found = await lists.find(request.params.id)
      if (!found) throw new Refusal('not_found', 'There is no status list here, or all its tokens have ended.')
      const { accept = types.jwt } = request.headers
      const form = quality(accept, types.cwt) > quality(accept, types.jwt) ? 'cwt' : 'jwt'
      // caches on the way share the seconds that it is kept here: they add none
      const left = Math.max(0, statusListSeconds - Math.ceil((now() - found.madeAt) / 1000))
      return reply
        .headers({ 'cache-control': `public, max-age=${left}`, 'content-type': types[form] })
        .serializer((body: unknown) => body as string)
        .send(found[form])
    })
  }
