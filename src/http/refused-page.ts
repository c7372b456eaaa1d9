// What somebody sees whose form or address a page does not take; faults are answered as everywhere.
import type { FastifyError, FastifyInstance } from 'fastify'
import { Refusal } from '../errors.ts'
import { pageHeaders } from './page.ts'

/** For the routes of this scope. `page` makes the whole page. */
export const answerRefusals = (app: FastifyInstance, page: () => string): void => {
  app.setErrorHandler((error: FastifyError | Refusal, _request, reply) => {
    const status = error instanceof Refusal ? error.status : (error.statusCode ?? 500)
    if (status >= 500) throw error
    return reply.code(status).headers(pageHeaders()).send(page())
  })
}
