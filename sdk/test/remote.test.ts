// Remote mode: every answer is Latchkey's own, and what goes wrong on the way is an outcome that tells no secret.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo, Server as TcpServer } from 'node:net'
import { createServer as createTcpServer } from 'node:net'
import { type TestContext, test } from 'node:test'
import { type Fetch, type Verdict, createVerifier } from '../src/index.ts'
import { listening } from './latchkey.ts'

const file = {
  apis: {
    books: { limits: [{ name: 'window', per: 'credential' as const, limit: 10, period: 60 }] },
    free: { limits: [] },
  },
  defaultApi: 'books',
}

const serverAt = async (t: TestContext, server: TcpServer): Promise<string> => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Something that answers in Latchkey's place. */
const impostor = (t: TestContext, answer: (request: IncomingMessage, response: ServerResponse) => void) => {
  const server = createServer(answer)
  t.after(() => server.closeAllConnections())
  return serverAt(t, server)
}

const denial = (verdict: Verdict): string =>
  verdict.outcome === 'denied' ? `${verdict.status} ${verdict.code}` : `${verdict.outcome} ${JSON.stringify(verdict)}`

test('a verdict says who calls, what is left, and why not', async (t) => {
  const { url, verifyKey, acme, operate } = await listening(t, { file })
  const verifier = createVerifier({ url, key: verifyKey.key })
  const { id, key } = await acme.key({ name: 'Shop', scopes: 'read' })
  const verdict = await verifier.verify(key, { cost: 3, scopes: ['read'] })
  assert.ok(verdict.outcome === 'valid')
  assert.deepEqual(verdict.principal, {
    kind: 'api_key',
    id,
    subject: id,
    organizationId: acme.organization,
    tier: 'free',
    environment: 'live',
    scopes: ['read'],
    name: 'Shop',
  })
  assert.equal(verdict.source, 'server')
  assert.deepEqual(
    verdict.limits.map(({ name, limit, remaining }) => ({ name, limit, remaining })),
    [{ name: 'window', limit: 10, remaining: 7 }],
  )
  const narrow = await verifier.verify(key, { scopes: ['read', 'write'] })
  assert.ok(narrow.outcome === 'denied')
  assert.deepEqual(narrow.missing, ['write'])
  assert.equal(narrow.principal?.id, id)
  const over = await verifier.verify(key, { cost: 8 })
  assert.ok(over.outcome === 'denied')
  assert.equal(over.refused?.name, 'window')
  assert.equal(denial(over), '429 rate_limit_exceeded')
  const dry = await verifier.verify(key, { cost: 7, dryRun: true })
  assert.ok(dry.outcome === 'valid' && dry.limits[0]?.remaining === 7, 'a dry run spends nothing')
  assert.equal(denial(await verifier.verify(key, { organizationId: 'another' })), '403 organization_forbidden')
  assert.equal(denial(await verifier.verify('nonsense')), '401 invalid_api_key')
  assert.equal(denial(await verifier.verify('')), '401 invalid_api_key')
  assert.equal(denial(await verifier.verify('x'.repeat(9000))), '401 invalid_api_key')
  assert.equal(denial(await verifier.verify(key, { ip: 'not an address' })), '400 invalid_request')
  for (const ip of ['192.0.2.1', '::1', '::ffff:192.0.2.1', 'fe80::1%eth0'])
    assert.equal((await verifier.verify(key, { ip, dryRun: true })).outcome, 'valid', ip)
  await operate('DELETE', `/api-keys/${id}`)
  assert.equal(denial(await verifier.verify(key)), '401 invalid_api_key')
  const unlimited = await createVerifier({ url, key: verifyKey.key, api: 'free' }).verify((await acme.key()).key)
  assert.ok(unlimited.outcome === 'valid')
  assert.deepEqual(unlimited.limits, [])
})

test('what the program itself gets wrong is thrown, without the credential or the key', async (t) => {
  const { url, verifyKey, acme } = await listening(t, { file })
  const { key } = await acme.key()
  for (const wrong of [
    { url: 'nowhere', key: 'k' },
    { url: 'ftp://example.com', key: 'k' },
    { url: 'https://user:password@example.com', key: 'k' },
    { url, key: '' },
    { url, key: 'a secret with spaces' },
    { url, key: 'k', timeoutMs: 0 },
    { url, key: 'k', batch: { maxItems: 1 } },
    { url, key: 'k', mode: 'cached' as const, maxAgeSeconds: 301 },
    { url, key: 'k', mode: 'remembering' as never },
  ]) {
    assert.throws(
      () => createVerifier(wrong),
      (error: Error) => /must/.test(error.message) && !/password|secret with/.test(error.message),
      JSON.stringify(wrong),
    )
  }
  const verifier = createVerifier({ url, key: verifyKey.key })
  for (const options of [{ cost: 0 }, { cost: 1.5 }, { cost: 1e7 }, { scopes: [''] }])
    await assert.rejects(verifier.verify(key, options), (error: Error) => !error.message.includes(key))
})

test('an answer to the verifier’s own key is none about the caller’s credential', async (t) => {
  const { url, acme, operate, verifyKey } = await listening(t, { file })
  const { key } = await acme.key()
  const asked = async (own: string, api?: string): Promise<string> => {
    const verdict = await createVerifier({ url, key: own, ...(api !== undefined && { api }) }).verify(key)
    assert.ok(verdict.outcome === 'unavailable', JSON.stringify(verdict))
    assert.equal(verdict.status, 503)
    for (const secret of [key, own]) assert.ok(!JSON.stringify(verdict).includes(secret))
    return verdict.reason
  }
  assert.match(await asked('nonsense'), /answered 401.*own key is not accepted/)
  assert.match(await asked(key), /answered 403.*scope verify/)
  assert.match(await asked(verifyKey.key, 'none'), /answered 400.*There is no API/)
  await operate('DELETE', `/api-keys/${verifyKey.id}`)
  assert.match(await asked(verifyKey.key), /answered 401/)
})

test('a request that may have been sent is not sent again, and one that was not is, once', async (t) => {
  let received = 0
  const breaking = await impostor(t, ({ socket }) => {
    received += 1
    socket.destroy()
  })
  const broken = await createVerifier({ url: breaking, key: 'k' }).verify('credential-of-a-caller')
  assert.ok(broken.outcome === 'unavailable')
  assert.equal(received, 1, 'what it cost may be spent')
  assert.ok(!JSON.stringify(broken).includes('credential-of-a-caller'))

  const closed = createTcpServer()
  const nowhere = await serverAt(t, closed)
  await new Promise((resolve) => closed.close(resolve))
  let tries = 0
  const counting: Fetch = (input, init) => {
    tries += 1
    return fetch(input, init)
  }
  const refused = await createVerifier({ url: nowhere, key: 'k', fetch: counting }).verify('x')
  assert.ok(refused.outcome === 'unavailable')
  assert.match(refused.reason, /ECONNREFUSED/)
  assert.equal(tries, 2)

  const { url, verifyKey, acme } = await listening(t, { file })
  const { key } = await acme.key()
  let first = true
  const flaky: Fetch = (input, init) => {
    const target = first ? input.replace(url, nowhere) : input
    first = false
    return fetch(target, init)
  }
  assert.equal((await createVerifier({ url, key: verifyKey.key, fetch: flaky }).verify(key)).outcome, 'valid')
})

test('silence, redirects and nonsense are unavailability, within the time that was given', async (t) => {
  const silent = await impostor(t, () => {})
  const late = await createVerifier({ url: silent, key: 'k', timeoutMs: 50 }).verify('x')
  assert.ok(late.outcome === 'unavailable')
  assert.match(late.reason, /did not answer in time/)
  const leave = new AbortController()
  const waiting = createVerifier({ url: silent, key: 'k' }).verify('x', { signal: leave.signal })
  leave.abort(new Error('the caller has gone'))
  await assert.rejects(waiting, /the caller has gone/)

  let elsewhere = 0
  const other = await impostor(t, (_request, response) => {
    elsewhere += 1
    response.end()
  })
  const bodies = [
    (response: ServerResponse) => response.writeHead(307, { location: other }).end(),
    (response: ServerResponse) => response.writeHead(200).end('<html>'),
    (response: ServerResponse) => response.writeHead(200).end('null'),
    (response: ServerResponse) => response.writeHead(200).end('{"valid":true,"code":"valid"}'),
    (response: ServerResponse) =>
      response.writeHead(200).end('{"valid":"yes","principal":{"id":"a","subject":"a","scopes":[]}}'),
    (response: ServerResponse) =>
      response.writeHead(503, { 'retry-after': '7' }).end('{"detail":"The store cannot be reached."}'),
  ]
  for (const body of bodies) {
    const url = await impostor(t, (_request, response) => void body(response))
    const verdict = await createVerifier({ url, key: 'k' }).verify('x')
    assert.equal(verdict.outcome, 'unavailable')
    if (body === bodies.at(-1)) assert.ok(verdict.outcome === 'unavailable' && verdict.retryAfterSeconds === 7)
  }
  assert.equal(elsewhere, 0, 'the key goes nowhere else')
  const newer = await impostor(t, (_request, response) => void response.end('{"valid":false,"code":"some_day"}'))
  assert.equal(denial(await createVerifier({ url: newer, key: 'k' }).verify('x')), '403 forbidden')
})

test('questions of one moment are asked together, each answered by itself', async (t) => {
  const { url, verifyKey, acme } = await listening(t, { file })
  const keys = await Promise.all(Array.from({ length: 5 }, async () => (await acme.key()).key))
  let requests = 0
  const counting: Fetch = (input, init) => {
    requests += 1
    return fetch(input, init)
  }
  const verifier = createVerifier({ url, key: verifyKey.key, fetch: counting, batch: { maxItems: 12, maxWaitMs: 20 } })
  const leave = new AbortController()
  const asked = [...keys, 'nonsense', '', ...keys].map((credential, index) =>
    verifier.verify(credential, { cost: 6, ...(index === 0 && { signal: leave.signal }) }),
  )
  leave.abort(new Error('gone'))
  const answers = await Promise.allSettled(asked)
  const told = answers.map((answer) => (answer.status === 'rejected' ? 'rejected' : answer.value.code))
  assert.deepEqual(told, [
    'rejected',
    ...Array.from({ length: 4 }, () => 'valid'),
    'invalid_api_key',
    'invalid_api_key',
    'valid', // what was given up before it was sent has cost nothing
    ...Array.from({ length: 4 }, () => 'rate_limit_exceeded'),
  ])
  assert.equal(requests, 1)
  await Promise.all(Array.from({ length: 30 }, () => verifier.verify('nonsense')))
  assert.equal(requests, 4, 'twelve at a time')
  // one item in a form that nobody can read would refuse all: none is sent
  const together = await Promise.all([
    verifier.verify(keys[0] as string, { dryRun: true }),
    verifier.verify(keys[0] as string, { dryRun: true, organizationId: 'x'.repeat(200) }),
    verifier.verify(keys[0] as string, { dryRun: true, ip: '::1%' + 'x'.repeat(100) }),
  ])
  assert.deepEqual(
    together.map(({ code }) => code),
    ['valid', 'invalid_request', 'valid'],
  )
  const silent = await impostor(t, () => {})
  const lost = createVerifier({ url: silent, key: 'k', timeoutMs: 50, batch: true })
  const both = await Promise.all([lost.verify('x'), lost.verify('y')])
  assert.ok(both.every(({ outcome }) => outcome === 'unavailable'))
})
