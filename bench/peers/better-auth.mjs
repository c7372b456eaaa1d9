// @better-auth/api-key behind HTTP. Its `verifyApiKey` has no route of its own (server only), so that the smallest one is put
// around it. Keys lie in a Map given as secondary storage with deferred updates: of memory adapter, node:sqlite and this, the fastest.
// Standard input holds {count}; the keys made are told on standard output.
import { createServer } from 'node:http'
import { json, text } from 'node:stream/consumers'
import { apiKey } from '@better-auth/api-key'
import { betterAuth } from 'better-auth'
import { memoryAdapter } from 'better-auth/adapters/memory'

const { count } = await json(process.stdin)
const stored = new Map()
const auth = betterAuth({
  baseURL: 'http://127.0.0.1',
  secret: 'only for the bench, only on this machine',
  logger: { disabled: true },
  telemetry: { enabled: false },
  emailAndPassword: { enabled: true },
  database: memoryAdapter({ user: [], session: [], account: [], verification: [], apikey: [] }),
  secondaryStorage: {
    get: (key) => stored.get(key) ?? null,
    set: (key, value) => void stored.set(key, value),
    delete: (key) => void stored.delete(key),
  },
  plugins: [
    apiKey({
      storage: 'secondary-storage',
      deferUpdates: true,
      rateLimit: { enabled: true, timeWindow: 3_600_000, maxRequests: 1_000_000_000 },
    }),
  ],
})

const { user } = await auth.api.signUpEmail({
  body: { email: 'bench@example.com', password: 'only for the bench', name: 'Bench' },
})
const keys = []
for (let i = 0; i < count; i++) {
  const { key } = await auth.api.createApiKey({ body: { userId: user.id, name: 'Bench' } })
  keys.push(key)
}

const handle = async (request, response) => {
  const { credential } = JSON.parse(await text(request))
  const result = await auth.api.verifyApiKey({ body: { key: credential } })
  const headers = { 'content-type': 'application/json; charset=utf-8' }
  if (result.key) {
    const { rateLimitMax, requestCount, lastRequest, rateLimitTimeWindow } = result.key
    headers['x-ratelimit-limit'] = rateLimitMax
    headers['x-ratelimit-remaining'] = rateLimitMax - requestCount
    headers['x-ratelimit-reset'] = Math.ceil((new Date(lastRequest).getTime() + rateLimitTimeWindow) / 1000)
  }
  const body = JSON.stringify(result)
  headers['content-length'] = Buffer.byteLength(body)
  response.writeHead(result.valid ? 200 : 401, headers).end(body)
}

const server = createServer((request, response) => void handle(request, response))
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port, keys })))
