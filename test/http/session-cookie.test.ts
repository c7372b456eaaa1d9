// RFC 6265 and 6265bis §4.1.3: the session's cookie, as it is set and as it is read.
import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { test } from 'node:test'
import Fastify, { type FastifyReply } from 'fastify'
import { clearSessionCookie, readSessionCookie, setSessionCookie } from '../../src/http/session-cookie.ts'

const cookieOf = async (set: (reply: FastifyReply) => FastifyReply): Promise<unknown> => {
  const app = Fastify()
  app.get('/', (_request, reply) => set(reply).send())
  return (await app.inject('/')).headers['set-cookie']
}

const read = (cookie: string | undefined, secure: boolean): string | undefined =>
  readSessionCookie({ headers: { cookie } } as IncomingMessage, secure)

test('it is HttpOnly, SameSite=Lax and of the whole host; over https it is Secure and no other host’s', async () => {
  assert.equal(
    await cookieOf((reply) => setSessionCookie(reply, 'value', { secure: false, maxAgeSeconds: 60 })),
    'latchkey_session=value; Path=/; Max-Age=60; HttpOnly; SameSite=Lax',
  )
  assert.equal(
    await cookieOf((reply) => setSessionCookie(reply, 'value', { secure: true, maxAgeSeconds: 60 })),
    '__Host-latchkey_session=value; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure',
  )
  assert.equal(
    await cookieOf((reply) => clearSessionCookie(reply, true)),
    '__Host-latchkey_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure',
  )
})

test('it is read among others, and not at all where it is there twice or has another name', () => {
  assert.equal(read('a=b; latchkey_session=value;c=d', false), 'value')
  assert.equal(read('__Host-latchkey_session=value', true), 'value')
  const refused: [string | undefined, boolean][] = [
    [undefined, false],
    ['', false],
    ['latchkey_session', false],
    ['xlatchkey_session=value', false],
    ['Latchkey_Session=value', false],
    ['latchkey_session=value', true],
    ['__Host-latchkey_session=value', false],
    ['__Secure-latchkey_session=value', true],
    ['latchkey_session=tossed; latchkey_session=value', false],
    [`x=${'a'.repeat(20_000)}; latchkey_session=value`, false],
  ]
  for (const [cookie, secure] of refused) assert.equal(read(cookie, secure), undefined, String(cookie).slice(0, 60))
})
