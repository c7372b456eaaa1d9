// What people write by hand: Express, express-rate-limit and a Map of hashed keys. Standard input holds {keys: […]}.
import { hash, randomUUID } from 'node:crypto'
import { json } from 'node:stream/consumers'
import express from 'express'
import { rateLimit } from 'express-rate-limit'

const { keys } = await json(process.stdin)
const owners = new Map(
  keys.map((key) => {
    const id = randomUUID()
    return [
      hash('sha256', key),
      {
        kind: 'api_key',
        id,
        subject: id,
        organization_id: randomUUID(),
        tier: 'free',
        environment: 'live',
        scopes: ['read', 'write'],
        name: 'Bench',
      },
    ]
  }),
)

const find = (credential) => (typeof credential === 'string' ? owners.get(hash('sha256', credential)) : undefined)

const authenticate = (request, response, next) => {
  const presented =
    request.method === 'POST' ? request.body?.credential : request.headers.authorization?.slice('Bearer '.length)
  request.principal = find(presented)
  if (request.principal) next()
  else response.status(401).json({ valid: false, code: 'invalid_api_key' })
}

const limit = rateLimit({ windowMs: 3_600_000, limit: 1_000_000_000, keyGenerator: (request) => request.principal.id })

const app = express()
app.disable('x-powered-by')
app.disable('etag')
app.post('/api/v1/verify', express.json(), authenticate, limit, (request, response) => {
  const { limit, remaining, resetTime } = request.rateLimit
  response.json({
    valid: true,
    code: 'valid',
    principal: request.principal,
    limits: [{ name: 'window', limit, remaining, reset: Math.ceil(resetTime.getTime() / 1000) }],
    request_id: randomUUID(),
  })
})
app.get('/forward-auth', authenticate, limit, (request, response) => {
  const { principal } = request
  response.set({
    'x-latchkey-subject': principal.subject,
    'x-latchkey-kind': principal.kind,
    'x-latchkey-organization': principal.organization_id,
    'x-latchkey-organizations': principal.organization_id,
    'x-latchkey-scopes': principal.scopes.join(' '),
    'x-latchkey-tier': principal.tier,
    'x-latchkey-environment': principal.environment,
  })
  response.end()
})
const server = app.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })))
