// What a guard may be told: what happens when nobody can say, in whose words it refuses, what requests cost, and proofs of keys.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createTcpServer, connect } from 'node:net'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import express from 'express'
import type { LatchkeyConfig } from '../../src/config/config.ts'
import { prover, withNonce } from '../../test/dpop.ts'
import { protect } from '../src/express.ts'
import { createVerifier } from '../src/index.ts'
import { protect as protectNode } from '../src/node.ts'
import { type Answered, type Common, frameworks } from './frameworks.ts'
import { listening } from './latchkey.ts'

const file: LatchkeyConfig = {
  apis: {
    shop: { audience: 'https://shop.example', limits: [{ name: 'window', per: 'credential', limit: 10, period: 60 }] },
  },
}

/** An address that nothing listens on. */
const nowhere = async (): Promise<string> => {
  const server = createTcpServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return `http://127.0.0.1:${port}`
}

const bearer = (credential: string) => ({ authorization: `Bearer ${credential}` })

for (const [name, start] of Object.entries(frameworks)) {
  test(`${name}: while nobody can say, requests are refused; with a choice they go on, and say so`, async (t) => {
    const verifier = createVerifier({ url: await nowhere(), key: 'k' })
    const closed = await start(t, verifier)
    const refused = await closed('/v1', bearer('some-credential'))
    assert.equal(refused.status, 503)
    assert.equal(refused.headers.get('retry-after'), '1')
    assert.equal(refused.headers.get('content-type'), 'application/problem+json; charset=utf-8')
    assert.equal((JSON.parse(refused.text) as { code: string }).code, 'temporarily_unavailable')
    assert.ok(!refused.text.includes('some-credential'))
    // the API's ways are known: only the verdict is not
    const open = await start(t, verifier, { onUnavailable: 'allow', credential: { bearer: true } })
    assert.deepEqual(JSON.parse((await open('/v1', bearer('some-credential'))).text), {
      subject: null,
      unverified: true,
    })
    assert.equal((await open('/v1', {})).status, 401, 'somebody who sends nothing is still refused')
  })

  test(`${name}: refusals as problem details or in one's own words; costs by the request`, async (t) => {
    const { url, verifyKey, acme } = await listening(t, { file })
    const verifier = createVerifier({ url, key: verifyKey.key })
    const { key } = await acme.key({ scopes: 'read' })
    const problem = await start(t, verifier, { errors: 'problem', credential: { bearer: true } })
    const { status, headers, text } = await problem('/v1/admin', bearer(key))
    assert.equal(status, 403)
    assert.equal(headers.get('www-authenticate'), 'Bearer error="insufficient_scope", scope="write"')
    assert.equal(headers.get('x-ratelimit-remaining'), '10', 'a refusal for want of a scope is free')
    const { request_id, ...members } = JSON.parse(text) as Record<string, unknown>
    assert.equal(headers.get('x-request-id'), request_id)
    assert.deepEqual(members, {
      type: 'about:blank',
      title: 'Insufficient scope',
      status: 403,
      detail: 'The credential lacks a scope that this request needs.',
      code: 'insufficient_scope',
    })
    const errors: Common['errors'] = ({ code, status: of }) => ({ contentType: 'text/plain', body: `${of} ${code}` })
    const own = await start(t, verifier, { errors })
    assert.deepEqual(textOf(await own('/v1', {})), [401, 'text/plain', '401 invalid_api_key'])
    const paid = await own('/v1', { ...bearer(key), 'x-cost': '4' })
    assert.equal(paid.headers.get('x-ratelimit-remaining'), '6')
    const over = await own('/v1', { ...bearer(key), 'x-cost': '7' })
    assert.deepEqual(textOf(over), [429, 'text/plain', '429 rate_limit_exceeded'])
    assert.ok(Number(over.headers.get('retry-after')) > 0)
    assert.equal((await own('/v1', { ...bearer(key), 'x-cost': 'much' })).status, 500, 'the program’s own mistake')
  })
}

const textOf = ({ status, headers, text }: Answered) => [status, headers.get('content-type'), text]

test('a header that comes twice is no choice between credentials', async (t) => {
  const { url, verifyKey, acme } = await listening(t, { file })
  const verifier = createVerifier({ url, key: verifyKey.key })
  const { key } = await acme.key()
  const app = express()
  app.get('/', protect(verifier, { credential: { bearer: true, header: 'X-Key' } }), (_request, response) => {
    response.send('in')
  })
  const server = createServer(app).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const ask = async (...fields: string[]): Promise<string> => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    socket.write(['GET / HTTP/1.1', 'Host: x', 'Connection: close', ...fields, '', ''].join('\r\n'))
    let text = ''
    for await (const part of socket.setEncoding('latin1')) text += part as string
    return text.slice(9, 12)
  }
  assert.equal(await ask(`Authorization: Bearer ${key}`), '200')
  assert.equal(await ask(`X-Key: ${key}`), '200')
  assert.equal(await ask(`Authorization: Bearer ${key}`, `authorization: Bearer ${key}`), '400')
  assert.equal(await ask(`Authorization: Bearer ${key}`, `X-KEY: ${key}`), '400')
  assert.equal(await ask(`X-Key: ${key}`, `X-Key: ${key}`), '400')
  assert.equal(await ask(`X-Key: ${key}, ${key}`), '400')
})

test('tokens bound to a key are taken where the API says its address, with a proof for it', async (t) => {
  const { url, verifyKey, acme, ask, config } = await listening(t, { file })
  const { client_id, client_secret } = await acme.client()
  const mine = await prover('ES256')
  const issued = await withNonce(mine, { url: `${config.issuer}/oauth/token` }, (proof) =>
    ask('POST', '/oauth/token', {
      headers: { dpop: proof },
      form: { grant_type: 'client_credentials', client_id, client_secret, audience: 'shop' },
    }),
  )
  const token = issued.json<{ access_token: string }>().access_token
  const verifier = createVerifier({ url, key: verifyKey.key, mode: 'cached' })
  t.after(() => verifier.close())
  const server = createServer(
    protectNode(verifier, { dpopOrigin: 'https://shop.example' }, ({ auth }, response) =>
      response.end(auth.principal?.kind),
    ),
  ).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const get = async (headers: Record<string, string>) => {
    const response = await fetch(`http://127.0.0.1:${port}/orders?page=2`, { headers })
    return {
      status: response.status,
      challenge: response.headers.get('www-authenticate') ?? '',
      headers: Object.fromEntries(response.headers),
      text: await response.text(),
    }
  }
  const parts = { method: 'GET', url: 'https://shop.example/orders', token }
  const proven = await withNonce(mine, parts, (dpop) => get({ authorization: `DPoP ${token}`, dpop }))
  assert.deepEqual([proven.status, proven.text], [200, 'oauth_token'])
  const unproven = await get(bearer(token))
  assert.equal(unproven.status, 401)
  const elsewhere = await withNonce(mine, { ...parts, url: 'https://other.example/orders' }, (dpop) =>
    get({ authorization: `DPoP ${token}`, dpop }),
  )
  assert.equal(elsewhere.status, 401)
  assert.match(elsewhere.challenge, /^DPoP .*error="invalid_dpop_proof"/)
  const none = await get({ authorization: `DPoP ${token}` })
  assert.match(none.challenge, /^DPoP .*error="invalid_dpop_proof"/)
})
