// /dev/mailbox: where messages go on a machine without a mail server, and who cannot see it.
import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import { connect } from 'node:net'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import inject from 'light-my-request'
import { pino } from 'pino'
import { serve } from '../gateway/wire.ts'
import { type Launched, launch } from '../harness.ts'

const send = async (
  { app }: Launched,
  text = 'Open http://localhost:8000/reset?token=pr_1 now, not http://evil.example/x',
) => app.mailer.send({ to: 'ada@example.com', subject: 'Choose <b>a</b> password', text }, Date.now())

test('messages are shown in the log and at /dev/mailbox, with this deployment’s own links to click', async (t) => {
  const lines: string[] = []
  const log = pino(
    { level: 'info' },
    new Writable({ write: (chunk, _encoding, done) => done(void lines.push(String(chunk)) as never) }),
  )
  const launched = await launch(t, { file: {}, log })
  assert.match((await launched.ask('GET', '/dev/mailbox')).body, /No messages yet/)
  await send(launched)
  assert.match(lines.join(''), /Choose <b>a<\/b> password.*reset\?token=pr_1/)
  const { statusCode, body, headers } = await launched.ask('GET', '/dev/mailbox')
  assert.equal(statusCode, 200)
  assert.match(body, /To ada@example\.com/)
  assert.match(body, /Choose &lt;b&gt;a&lt;\/b&gt; password/)
  assert.match(body, /<a href="http:\/\/localhost:8000\/reset\?token=pr_1"/)
  assert.doesNotMatch(body, /<a href="http:\/\/evil/)
  assert.equal(headers['cache-control'], 'no-store')
  assert.equal(headers['referrer-policy'], 'no-referrer')
})

test('nobody sees it from elsewhere: by address, through a proxy, or by another name', async (t) => {
  const launched = await launch(t, { file: {} })
  await send(launched)
  const unknown = await launched.ask('GET', '/dev/other')
  const [listener] = launched.app.server.server.listeners('request') as RequestListener[]
  const get = async (headers: Record<string, string>, remoteAddress = '127.0.0.1') => {
    const { statusCode, body } = await inject(listener as RequestListener, {
      method: 'GET',
      url: '/dev/mailbox',
      remoteAddress,
      headers: { host: 'localhost', ...headers },
    })
    return { statusCode, body }
  }
  assert.equal((await get({})).statusCode, 200)
  for (const headers of [
    { 'x-forwarded-for': '127.0.0.1' },
    { 'x-forwarded-for': '' },
    { 'x-forwarded-host': 'localhost' },
    { forwarded: 'for=127.0.0.1' },
    { via: '1.1 proxy' },
    { 'x-real-ip': '127.0.0.1' },
  ] as Record<string, string>[]) {
    const { statusCode, body } = await get(headers)
    assert.equal(statusCode, 404, JSON.stringify(headers))
    assert.equal(body.replace(/[0-9a-f-]{36}/, ''), unknown.body.replace(/[0-9a-f-]{36}/, ''))
  }
  assert.equal((await get({}, '192.0.2.1')).statusCode, 404)
  assert.equal((await get({}, '::ffff:192.0.2.1')).statusCode, 404)
  assert.equal((await get({}, '::1')).statusCode, 200)
  assert.equal((await get({ host: 'evil.example' })).statusCode, 421, 'a name that an attacker points here')
  // a proxy that says nothing of itself, as nginx without any setting
  const port = await serve(t, launched)
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () =>
      socket.write('GET /dev/mailbox HTTP/1.0\r\nHost: localhost\r\n\r\n'),
    )
    let text = ''
    socket.on('data', (chunk) => (text += String(chunk)))
    socket.on('end', () => resolve(text)).on('error', reject)
  })
  assert.match(answer, /^HTTP\/1\.1 404 /)
})

test('there is none on a public deployment, nor where there is a mail server', async (t) => {
  for (const env of [
    { LATCHKEY_URL: 'https://auth.example.com' },
    { LATCHKEY_URL: 'https://auth.example.com', LATCHKEY_SMTP_URL: 'smtp://127.0.0.1:1' },
    { LATCHKEY_SMTP_URL: 'smtp://127.0.0.1:1' },
  ]) {
    const launched = await launch(t, { file: { mail: { from: 'auth@example.com' } }, env })
    assert.equal(launched.app.mailer.available, 'LATCHKEY_SMTP_URL' in env)
    await send(launched)
    const host = new URL(launched.config.issuer).host
    assert.equal((await launched.ask('GET', '/dev/mailbox', { host })).statusCode, 404)
  }
})

test('the mail server, its URL and the sender are looked at before anything starts', async () => {
  const { buildConfig } = await import('../../src/config/config.ts')
  const mistakes = (url: string | undefined, from?: string): string => {
    try {
      buildConfig(
        { ...(url !== undefined && { LATCHKEY_SMTP_URL: url }) },
        from === undefined ? {} : { mail: { from } },
      )
      return ''
    } catch (error) {
      return (error as { mistakes: string[] }).mistakes.join('\n')
    }
  }
  for (const url of ['smtp://mail.example.com', 'smtps://u:p@mail.example.com:465', 'smtp://[::1]:25/'])
    assert.equal(mistakes(url, 'A <a@example.com>'), '', url)
  for (const url of ['http://mail.example.com', 'mail.example.com', 'smtp://u:secret@host/x', 'smtp://u:secret@h?x=1'])
    assert.match(mistakes(url, 'a@example.com'), /^LATCHKEY_SMTP_URL: /, url)
  assert.doesNotMatch(mistakes('smtp://u:secret@host/x', 'a@example.com'), /secret/)
  assert.match(mistakes('smtp://mail.example.com'), /^mail\.from: is missing/)
  for (const from of ['a', 'a@b, c@d', 'A <a@b> <c@d>', 'A\r\nBcc: x <a@b.example>', '<a@b c>'])
    assert.match(mistakes(undefined, from), /^mail\.from: /, from)
})
