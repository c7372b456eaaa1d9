// An Express API whose callers Latchkey knows: LATCHKEY_KEY=<key with the scope verify> node server.ts
import { createVerifier } from '@latchkey/sdk'
import { protect } from '@latchkey/sdk/express'
import express from 'express'

const verifier = createVerifier({
  url: process.env.LATCHKEY_URL ?? 'http://localhost:8000',
  key: process.env.LATCHKEY_KEY ?? '',
  // answers from memory for five seconds, dropped as soon as Latchkey tells that something has changed
  mode: 'cached',
  onFault: (fault) => console.error(fault.message),
})

const app = express()

app.get('/books', protect(verifier, { scopes: ['read'] }), (request, response) => {
  const { auth } = request
  response.json({ books: [], for: auth?.principal?.subject })
})

app.post('/books', protect(verifier, { scopes: ['write'], cost: 10 }), (_request, response) => {
  response.status(201).json({ id: 1 })
})

// the path names an organization: credentials of others are refused
app.get(
  '/organizations/:organization/books',
  protect(verifier, { scopes: ['read'], organization: ({ params }) => String(params.organization) }),
  (request, response) => {
    response.json({ books: [], of: request.auth?.principal?.organizationId })
  },
)

const server = app.listen(Number(process.env.PORT ?? 9000), '127.0.0.1')

process.once('SIGTERM', () => {
  server.close()
  verifier.close()
})
