// RFC 9449 §7, §9 behind real proxies on the examples: the proof reaches Latchkey, the nonce the caller, and neither the API.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { prover, withNonce } from '../dpop.ts'
import { launch, stoppedClock, world } from '../harness.ts'
import { programOrSkip, runCaddy, runNginx } from './proxy-process.ts'
import { send, serve, upstream } from './wire.ts'

for (const [program, runExample] of [
  ['nginx', runNginx],
  ['caddy', runCaddy],
] as const)
  test(`bound tokens behind ${program}`, async (t) => {
    const found = programOrSkip(t, program)
    if (found === undefined) return
    const behind = await upstream(t, (request, response) => {
      response.setHeader('DPoP-Nonce', 'theirs')
      request.resume().once('end', () => response.end('ok'))
    })
    const clock = stoppedClock('2026-07-07T00:00:00Z')
    const launched = await launch(t, { now: clock, file: { apis: { shop: { audience: 'https://shop.test/v1' } } } })
    const acme = await world(launched)
    const { client_id, client_secret } = await acme.client()
    const mine = await prover('ES256', clock)
    const issued = await withNonce(mine, { url: `${launched.config.issuer}/oauth/token` }, (dpop) =>
      launched.ask('POST', '/oauth/token', {
        headers: { dpop },
        form: { grant_type: 'client_credentials', client_id, client_secret },
      }),
    )
    const token = issued.json<{ access_token: string }>().access_token
    const { port } = await runExample(t, found, { latchkey: await serve(t, launched), api: behind.port })
    const parts = { method: 'GET', url: 'https://shop.test/v1/things', token }
    const call = (proof: string, more: string[] = []) =>
      send(port, {
        path: '/v1/things?page=1',
        headers: ['Host', 'shop.test', 'Authorization', `DPoP ${token}`, 'DPoP', proof, ...more],
      })
    const asked = await call(await mine.prove(parts))
    assert.equal(asked.status, 401)
    assert.match(String(asked.headers['www-authenticate']), /^DPoP .*error="use_dpop_nonce"/)
    const nonce = String(asked.headers['dpop-nonce'])
    assert.match(nonce, /^[0-9a-f]{32}$/)
    const proof = await mine.prove({ ...parts, nonce })
    const first = await call(proof, ['DPoP-Nonce', 'forged'])
    assert.equal(first.status, 200)
    assert.ok(!['forged', nonce].includes(String(first.headers['dpop-nonce'])))
    assert.equal(behind.seen.length, 1)
    const { headers } = behind.seen[0] as (typeof behind.seen)[number]
    assert.deepEqual(
      [headers.dpop, headers.authorization, headers['x-latchkey-kind']],
      [undefined, undefined, 'oauth_token'],
    )
    assert.equal((await call(proof)).status, 401, 'a replay')
    clock.advance(12_000)
    const renewed = await call(await mine.prove({ ...parts, nonce }))
    assert.equal(renewed.status, 200)
    assert.match(String(renewed.headers['dpop-nonce']), /^[0-9a-f]{32}$/)
    assert.notEqual(renewed.headers['dpop-nonce'], nonce)
  })
