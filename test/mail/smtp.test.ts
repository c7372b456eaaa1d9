// RFC 5321, RFC 8314, RFC 3834: messages as a real mail server receives them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import { buildConfig } from '../../src/config/config.ts'
import type { Mail } from '../../src/mail/mailer.ts'
import { Outbox } from '../../src/mail/outbox.ts'
import { SecretBox } from '../../src/secret-box.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { certificateFor } from '../clients/certificate.ts'
import { type Cleanup, temporaryFolder } from '../temporary-folder.ts'
import { type Mailbox, smtpServer } from './smtp-server.ts'

const box = new SecretBox('a secret of the tests, long enough')

const sentTo = async (
  t: Cleanup,
  server: Mailbox,
  mails: Mail[],
  url = `smtp://127.0.0.1:${server.port}`,
): Promise<void> => {
  t.after(() => server.close())
  const store = await openSqlite(temporaryFolder(t))
  const config = buildConfig(
    { LATCHKEY_SMTP_URL: url, LATCHKEY_URL: 'https://auth.example.com' },
    { mail: { from: 'Example, Inc. <auth@example.com>' } },
  )
  const outbox = new Outbox({ config, store, box, log: pino({ level: 'silent' }), now: Date.now })
  outbox.start()
  for (const mail of mails) await outbox.send(mail, Date.now())
  await outbox.kick()
  await outbox.close()
  await store.close()
}

test('a message is plain text from the configured sender to one person, and asks for no automatic answer', async (t) => {
  const server = await smtpServer()
  const text =
    'Grüße!\n\nhttps://auth.example.com/reset?token=pr_0123456789-abcdefghijklmnopqrstuvwxyz_ABCDEFG&more=1\n.\nEnd'
  await sentTo(t, server, [{ to: 'Ada@Example.com', subject: 'Choose a new password', text }])
  const [received] = server.received
  assert.ok(received)
  assert.deepEqual([received.from, received.to], ['auth@example.com', ['ada@example.com']])
  assert.equal(received.text, text)
  const field = (name: string) => received.headers.get(name)
  assert.deepEqual(field('from'), ['"Example, Inc." <auth@example.com>'])
  assert.deepEqual(field('to'), ['ada@example.com'])
  assert.deepEqual(field('subject'), ['Choose a new password'])
  assert.deepEqual(field('auto-submitted'), ['auto-generated'])
  assert.match(field('message-id')?.[0] ?? '', /^<[0-9a-f-]{36}@auth\.example\.com>$/)
  assert.match(field('content-type')?.[0] ?? '', /^text\/plain; charset=utf-8/i)
})

test('nothing in a subject, a name or an address adds a header or a recipient (CWE-93)', async (t) => {
  const server = await smtpServer()
  await sentTo(t, server, [
    { to: 'ada@example.com', subject: 'Join Acme\r\nBcc: eve@example.com\r\n\r\nFree money\u2028', text: 'x' },
  ])
  const [received] = server.received
  assert.deepEqual(received?.to, ['ada@example.com'])
  assert.equal(received?.headers.get('bcc'), undefined)
  assert.deepEqual(received?.headers.get('subject'), ['Join Acme Bcc: eve@example.com Free money'])
  for (const to of [
    'ada@example.com, eve@example.com',
    'ada@example.com\r\nBcc: eve@example.com',
    'Ada <ada@example.com>',
    '"ada@example.com> RCPT TO:<eve@example.com"@example.com',
    'ada@example.com;eve@example.com',
    '',
  ])
    await assert.rejects(sentTo(t, await smtpServer(), [{ to, subject: 'x', text: 'x' }]), { code: 'invalid_request' })
})

test('a server that is not this machine is sent nothing without TLS (RFC 8314 §3.3)', async (t) => {
  // to an address of this machine that Latchkey does not know for one
  const plain = await smtpServer({ host: '0.0.0.0' })
  await sentTo(t, plain, [{ to: 'ada@example.com', subject: 'x', text: 'x' }], `smtp://user:pass@0.0.0.0:${plain.port}`)
  assert.ok(plain.connections() > 0)
  assert.deepEqual(plain.received, [])

  const untrusted = await smtpServer({ host: '0.0.0.0', ...certificateFor('mail.example.com') })
  await sentTo(t, untrusted, [{ to: 'ada@example.com', subject: 'x', text: 'x' }], `smtp://0.0.0.0:${untrusted.port}`)
  assert.ok(untrusted.connections() > 0)
  assert.deepEqual(untrusted.received, [], 'nor where its certificate is nobody’s')
})

test('user and password are sent as they are, however they are written in the URL', async (t) => {
  const seen: unknown[] = []
  const server = await smtpServer({
    authOptional: false,
    allowInsecureAuth: true,
    onAuth: ({ username, password }, _session, done) => {
      seen.push([username, password])
      done(null, { user: username })
    },
  })
  const url = `smtp://api%40example.com:p%3A%2F%40ss@127.0.0.1:${server.port}`
  await sentTo(t, server, [{ to: 'ada@example.com', subject: 'x', text: 'x' }], url)
  assert.deepEqual(seen, [['api@example.com', 'p:/@ss']])
  assert.equal(server.received[0]?.user, 'api@example.com')
})
