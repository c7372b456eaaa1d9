// One small API behind the guard of each framework: GET /v1 for anybody with a credential, /v1/admin for those with the scope write.
import { once } from 'node:events'
import { type IncomingMessage, type Server, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import express from 'express'
import Fastify from 'fastify'
import { type Context, Hono } from 'hono'
import { protect as inExpress } from '../src/express.ts'
import { protect as inFastify } from '../src/fastify.ts'
import { type AuthVariables, protect as inHono } from '../src/hono.ts'
import { type Auth, type GuardOptions, protect as inNode } from '../src/node.ts'
import type { Verifier } from '../src/index.ts'

/** What is the same for every framework. */
export type Common = Omit<GuardOptions<never>, 'organization' | 'cost' | 'ip'>

export interface Answered {
  status: number
  headers: Headers
  text: string
}

/** Asks the API; `headers` as they are. */
export type AskApi = (path: string, headers: Record<string, string>) => Promise<Answered>

const told = (auth: Auth | undefined) => ({ subject: auth?.principal?.subject ?? null, unverified: auth?.unverified })

const named = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value)
const ofRequest = ({ headers }: Pick<IncomingMessage, 'headers'>): string | undefined =>
  named(headers['x-organization'])
const ofContext = (context: Context): string | undefined => context.req.header('x-organization')

const over = async (t: TestContext, server: Server): Promise<AskApi> => {
  if (!server.listening) {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  }
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return async (path, headers) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers })
    return { status: response.status, headers: response.headers, text: await response.text() }
  }
}

export const frameworks: Record<string, (t: TestContext, verifier: Verifier, options?: Common) => Promise<AskApi>> = {
  express(t, verifier, options = {}) {
    const app = express()
    app.use(inExpress(verifier, { ...options, organization: ofRequest, cost: costOf }))
    app.get('/v1', (request, response) => void response.json(told(request.auth)))
    const server = createServer(app)
    const admin = express()
    admin.get(
      '/v1/admin',
      inExpress(verifier, { ...options, organization: ofRequest, scopes: ['write'] }),
      (request, response) => void response.json(told(request.auth)),
    )
    return over(t, branching(server, createServer(admin)))
  },
  async fastify(t, verifier, options = {}) {
    const app = Fastify()
    const guard = { organization: ofRequest, ...options }
    app.get('/v1', { onRequest: inFastify(verifier, { ...guard, cost: ({ raw }) => costOf(raw) }) }, (request) =>
      told(request.auth),
    )
    app.get('/v1/admin', { onRequest: inFastify(verifier, { ...guard, scopes: ['write'] }) }, (request) =>
      told(request.auth),
    )
    t.after(() => app.close())
    await app.listen({ port: 0, host: '127.0.0.1' })
    return over(t, app.server)
  },
  async hono(_t, verifier, options = {}) {
    const app = new Hono<AuthVariables>()
    app.get(
      '/v1',
      inHono(verifier, { ...options, organization: ofContext, cost: ({ req }) => Number(req.header('x-cost') ?? 1) }),
      (context) => context.json(told(context.get('auth'))),
    )
    app.get('/v1/admin', inHono(verifier, { ...options, organization: ofContext, scopes: ['write'] }), (context) =>
      context.json(told(context.get('auth'))),
    )
    return async (path, headers) => {
      const response = await app.request(path, { headers })
      return { status: response.status, headers: response.headers, text: await response.text() }
    }
  },
  node(t, verifier, options = {}) {
    const tell = ({ auth }: { auth: Auth }, response: { end: (text: string) => void }) =>
      response.end(JSON.stringify(told(auth)))
    const open = inNode(verifier, { ...options, organization: ofRequest, cost: costOf }, tell)
    const admin = inNode(verifier, { ...options, organization: ofRequest, scopes: ['write'] }, tell)
    return over(
      t,
      createServer((request, response) => (request.url === '/v1/admin' ? admin : open)(request, response)),
    )
  },
}

const costOf = ({ headers }: Pick<IncomingMessage, 'headers'>): number => Number(headers['x-cost'] ?? 1)

/** /v1/admin is another application's: the first one's guard is for all of it. */
const branching = (open: Server, admin: Server): Server =>
  createServer((request, response) => {
    ;(request.url === '/v1/admin' ? admin : open).emit('request', request, response)
  })
