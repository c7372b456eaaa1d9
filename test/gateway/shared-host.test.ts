// An upstream on the dashboard's host: its answers must not act as the dashboard.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { launch, world } from '../harness.ts'
import { send, serve, upstream } from './wire.ts'

test('an upstream on the dashboard’s host sets no cookie, keeps no script and says nothing about the origin', async (t) => {
  const hostile = {
    'Content-Type': 'text/html',
    'Set-Cookie': ['__Host-latchkey_session=mine; Path=/; Secure', 'a=b'],
    'Clear-Site-Data': '"*"',
    'Service-Worker-Allowed': '/',
    'Content-Security-Policy': "script-src 'unsafe-inline'",
    'X-Content-Type-Options': 'sniff',
    'Strict-Transport-Security': 'max-age=0',
    'Alt-Svc': 'h3="evil.test:443"',
    NEL: '{"report_to":"x","max_age":1}',
    'Report-To': '{}',
    'Access-Control-Allow-Origin': '*',
    'X-Own': 'kept',
  }
  const behind = await upstream(t, (_request, response) => {
    response.writeHead(200, hostile)
    response.end('<script>alert(1)</script>')
  })
  const launched = await launch(t, {
    file: {
      apis: {
        shared: { hosts: ['localhost', 'apart.test'], path: '/v1', upstream: behind.url },
        echo: { hosts: ['localhost'], path: '/echo', upstream: 'echo' },
      },
      defaultApi: 'shared',
    },
  })
  const { key } = await (await world(launched)).key()
  const port = await serve(t, launched)
  const ask = (host: string, path = '/v1') =>
    send(port, {
      path,
      headers: ['Host', host, 'Authorization', `Bearer ${key}`, 'Cookie', '__Host-latchkey_session=secret; theirs=1'],
    })
  const shared = await ask('localhost:8000')
  assert.equal(shared.headers['content-security-policy'], 'sandbox')
  assert.equal(shared.headers['x-content-type-options'], 'nosniff')
  assert.equal(shared.headers['x-own'], 'kept')
  for (const name of [
    'set-cookie',
    'clear-site-data',
    'service-worker-allowed',
    'strict-transport-security',
    'alt-svc',
    'nel',
    'report-to',
    'access-control-allow-origin',
  ])
    assert.equal(shared.headers[name], undefined, name)
  assert.equal(behind.seen[0]?.headers.cookie, 'theirs=1')
  assert.equal((await ask('127.0.0.1')).headers['content-security-policy'], 'sandbox')
  assert.equal((await ask('localhost', '/echo')).headers['content-security-policy'], 'sandbox')
  const apart = await ask('apart.test')
  assert.deepEqual(apart.headers['set-cookie'], hostile['Set-Cookie'])
  assert.equal(apart.headers['content-security-policy'], hostile['Content-Security-Policy'])
})
