// RFC 9449 §4.3, §8, §11: whether a proof is taken. Attacks first: each proof is right but for one thing.
import assert from 'node:assert/strict'
import { createHmac, randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { SecretBox } from '../../src/secret-box.ts'
import { type ProofOptions, Proofs, type Proving } from '../../src/verify/proofs.ts'
import { type ProofParts, prover } from '../dpop.ts'
import { stoppedClock } from '../harness.ts'

const url = 'https://auth.example.com/oauth/token'
const secret = 'a secret of at least thirty-two characters'
const box = new SecretBox(secret)
const start = '2026-05-05T00:00:00Z'

const setUp = async (alg = 'ES256') => {
  const clock = stoppedClock(start)
  const proofs = new Proofs(box, clock)
  const mine = await prover(alg, clock)
  const show = (proof: string | string[], options: ProofOptions = {}, method = 'POST', at = url): Proving =>
    proofs.check({ proofs: [proof].flat(), method, url: at }, options)
  /** As it is asked for by a server; by default this one. */
  const nonce = async (by: Proofs = proofs): Promise<string> => {
    const asked = by.check({ proofs: [await mine.prove({ url })], method: 'POST', url })
    assert.ok('error' in asked && asked.error === 'use_dpop_nonce' && asked.nonce !== undefined, JSON.stringify(asked))
    return asked.nonce
  }
  const proof = async (parts: Partial<ProofParts> = {}) => mine.prove({ url, nonce: await nonce(), ...parts })
  return { clock, proofs, mine, show, nonce, proof }
}

const errorOf = (proving: Proving): string => ('error' in proving ? proving.error : 'taken')

test('a proof of each algorithm is taken, once', async () => {
  for (const alg of ['ES256', 'EdDSA', 'Ed25519', 'RS256']) {
    const { mine, show, proof } = await setUp(alg)
    const made = await proof()
    assert.deepEqual(show(made), { thumbprint: mine.thumbprint, nonce: undefined }, alg)
    assert.equal(errorOf(show(made)), 'invalid_dpop_proof', 'a replay')
    assert.equal(errorOf(show(await proof())), 'taken')
  }
})

test('§4.3: each thing that can be wrong', async (t) => {
  const { clock, mine, show, proof, nonce } = await setUp()
  const refused = async (parts: Partial<ProofParts>, expected = 'invalid_dpop_proof') =>
    assert.equal(errorOf(show(await proof(parts))), expected, JSON.stringify(parts))

  await t.test('no proof, two, two in one, a broken one, a huge one', async () => {
    const [one, other] = [await proof(), await proof()]
    for (const proofs of [[], [one, other], [one, one], [`${one}, ${other}`], [`${one},${other}`]])
      assert.equal(errorOf(show(proofs)), 'invalid_dpop_proof')
    for (const broken of [
      '',
      'x',
      'a.b.c',
      `${one}.`,
      `${one}=`,
      ` ${one}`,
      one.slice(0, -1),
      `${one}\u00e9`,
      'eyJ'.repeat(10_000),
    ])
      assert.equal(errorOf(show(broken)), 'invalid_dpop_proof', broken.slice(0, 40))
    assert.equal(errorOf(show(await proof({ claims: { more: 'x'.repeat(8192) } }))), 'invalid_dpop_proof')
    assert.equal(errorOf(show(one)), 'taken', 'what was shown wrongly is not used up')
  })

  await t.test('a header of another type, algorithm or key', async () => {
    for (const header of [
      { typ: 'JWT' },
      { typ: 'at+jwt' },
      { typ: undefined },
      { typ: 'DPOP+JWT' },
      { jwk: undefined },
      { jwk: mine.privateJwk },
      { jwk: { kty: 'oct', k: 'AAAA' } },
      { jwk: (await prover('RS256')).publicJwk },
      { kid: 'x' },
      { jku: 'https://evil.test/keys' },
      { x5u: 'https://evil.test/key' },
      { x5c: ['AAAA'] },
      { crit: ['b64'], b64: true },
    ])
      await refused({ header })
  })

  await t.test('no signature, a symmetric one, one of another key or algorithm', async () => {
    const made = await proof()
    const [head = '', body = '', signature = ''] = made.split('.')
    const header = JSON.parse(Buffer.from(head, 'base64url').toString()) as Record<string, unknown>
    const spell = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    for (const alg of ['none', 'None', 'NONE', '']) {
      for (const end of ['', signature])
        assert.equal(errorOf(show(`${spell({ ...header, alg })}.${body}.${end}`)), 'invalid_dpop_proof', alg)
    }
    // the public key as the secret (RFC 8725 §2.1)
    const input = `${spell({ ...header, alg: 'HS256' })}.${body}`
    for (const key of [JSON.stringify(mine.publicJwk), String(mine.publicJwk.x), ''])
      assert.equal(
        errorOf(show(`${input}.${createHmac('sha256', key).update(input).digest('base64url')}`)),
        'invalid_dpop_proof',
      )
    for (const alg of ['RS256', 'EdDSA', 'ES384'])
      assert.equal(errorOf(show(`${spell({ ...header, alg })}.${body}.${signature}`)), 'invalid_dpop_proof', alg)
    const thief = await prover()
    assert.equal(
      errorOf(show(await thief.prove({ url, nonce: await nonce(), header: { jwk: mine.publicJwk } }))),
      'invalid_dpop_proof',
    )
    const changed = spell({ ...(JSON.parse(Buffer.from(body, 'base64url').toString()) as object), jti: 'another' })
    assert.equal(errorOf(show(`${head}.${changed}.${signature}`)), 'invalid_dpop_proof')
    assert.equal(errorOf(show(`${head}.${body}.${'A'.repeat(86)}`)), 'invalid_dpop_proof')
    assert.equal(errorOf(show(`${head}.${body}.`)), 'invalid_dpop_proof')
    assert.equal(errorOf(show(made)), 'taken')
  })

  await t.test('claims that are missing or of another type', async () => {
    for (const name of ['jti', 'htm', 'htu', 'iat'])
      for (const value of [undefined, null, '', [], {}, true, 'x'.repeat(5000)])
        await refused({ claims: { [name]: value } })
    await refused({ claims: { jti: 'x'.repeat(257) } })
    await refused({ claims: { iat: String(Math.floor(clock() / 1000)) } })
    for (const value of [1, null, ['x']]) await refused({ claims: { nonce: value } })
    await refused({ claims: { ath: 1 } })
    assert.equal(errorOf(show(await proof({ claims: { jti: 'x'.repeat(256), more: { of: 'it' } } }))), 'taken')
  })

  await t.test('another method or address', async () => {
    for (const htm of ['GET', 'post', 'POST ', 'P\u00d6ST']) await refused({ claims: { htm } })
    for (const htu of [
      'https://auth.example.com/token',
      'https://auth.example.com/oauth/token/',
      'https://auth.example.com/OAuth/token',
      'http://auth.example.com/oauth/token',
      'https://auth.example.com:8443/oauth/token',
      'https://evil.test/oauth/token',
      'https://auth.example.com@evil.test/oauth/token',
      '/oauth/token',
    ])
      await refused({ url: htu })
    for (const htu of ['HTTPS://Auth.Example.com:443/oauth/%74oken?a=b#c', 'https://auth.example.com/x/../oauth/token'])
      assert.equal(errorOf(show(await proof({ url: htu }))), 'taken', htu)
    assert.equal(errorOf(show(await proof(), {}, 'GET')), 'invalid_dpop_proof')
    assert.equal(errorOf(show(await proof(), {}, 'POST', 'https://auth.example.com/token')), 'invalid_dpop_proof')
    assert.equal(errorOf(show(await proof({ url: 'nonsense' }), {}, 'POST', 'nonsense')), 'invalid_dpop_proof')
  })

  await t.test('§7: without the hash of the access token, or with that of another', async () => {
    const accessToken = 'an.access.token'
    for (const parts of [
      {},
      { token: 'another.access.token' },
      { claims: { ath: accessToken } },
      { claims: { ath: '' } },
    ])
      assert.equal(errorOf(show(await proof(parts), { accessToken })), 'invalid_dpop_proof')
    assert.equal(errorOf(show(await proof({ token: accessToken }), { accessToken })), 'taken')
    assert.equal(errorOf(show(await proof({ token: accessToken }))), 'taken', 'nothing to compare with')
  })

  await t.test('§11.1: made at another time', async () => {
    const now = Math.floor(clock() / 1000)
    for (const iat of [now + 301, now - 301, 0, -1, 1e300, now * 1000]) await refused({ claims: { iat } })
    for (const iat of [now + 299, now - 299, now + 0.5])
      assert.equal(errorOf(show(await proof({ claims: { iat } }))), 'taken')
  })

  await t.test('§8: without a nonce, or with one that is not ours', async () => {
    for (const made of [undefined, '', 'x', '0'.repeat(32), box.hmac('DPoP nonce 0').slice(0, 32)])
      await refused({ nonce: made }, 'use_dpop_nonce')
    await refused({ nonce: `${await nonce()} ` }, 'use_dpop_nonce')
    await refused({ nonce: (await nonce()).toUpperCase() }, 'use_dpop_nonce')
  })
})

test('§8.2, §11.1: a nonce lives 30 seconds, and a proof no longer than its nonce', async () => {
  const { clock, show, nonce, proof } = await setUp()
  const first = await nonce()
  assert.match(first, /^[\x21\x23-\x5b\x5d-\x7e]+$/, 'the characters of §8.1')
  const made = await proof({ nonce: first })
  assert.equal(errorOf(show(made)), 'taken')
  for (let seconds = 0; seconds < 30; seconds += 1) {
    assert.equal(errorOf(show(made)), 'invalid_dpop_proof', `${seconds} s`)
    const taken = show(await proof({ nonce: first }))
    assert.ok('thumbprint' in taken)
    assert.equal(taken.nonce, seconds < 10 ? undefined : await nonce(), 'a newer one is told')
    clock.advance(1000)
  }
  assert.equal(errorOf(show(made)), 'use_dpop_nonce')
  assert.equal(errorOf(show(await proof({ nonce: first }))), 'use_dpop_nonce')
})

test('§11.1: servers of one secret take each other’s nonces, so that a proof can be used at each, and for 30 seconds; of another secret none', async () => {
  const { clock, proofs, mine, nonce } = await setUp()
  const second = new Proofs(box, clock)
  const stranger = new Proofs(new SecretBox('another secret of at least thirty-two characters'), clock)
  const ahead = new Proofs(box, () => clock() + 9000)
  const shown = { proofs: [await mine.prove({ url, nonce: await nonce() })], method: 'POST', url }
  assert.equal(errorOf(proofs.check(shown)), 'taken')
  assert.equal(errorOf(proofs.check(shown)), 'invalid_dpop_proof')
  assert.equal(errorOf(second.check(shown)), 'taken', 'another process does not know that it was used')
  assert.equal(errorOf(stranger.check(shown)), 'use_dpop_nonce')
  clock.advance(5000)
  const fromAhead = { proofs: [await mine.prove({ url, nonce: await nonce(ahead) })], method: 'POST', url }
  assert.equal(errorOf(proofs.check(fromAhead)), 'taken', 'a server whose clock is ahead')
  clock.advance(25_000)
  for (const server of [proofs, second]) assert.equal(errorOf(server.check(shown)), 'use_dpop_nonce')
})

test('a dry run uses nothing up; ids of different keys are different ids', async () => {
  const { clock, proofs, show, nonce, proof } = await setUp()
  const jti = randomUUID()
  const made = await proof({ claims: { jti } })
  for (let i = 0; i < 3; i += 1) assert.equal(errorOf(show(made, { dryRun: true })), 'taken')
  assert.equal(errorOf(show(made)), 'taken')
  assert.equal(errorOf(show(made, { dryRun: true })), 'invalid_dpop_proof')
  assert.equal(errorOf(show(await proof({ claims: { jti } }))), 'invalid_dpop_proof', 'the same id in another proof')
  const other = await prover('ES256', clock)
  const theirs = await other.prove({ url, nonce: await nonce(), claims: { jti } })
  assert.equal(errorOf(proofs.check({ proofs: [theirs], method: 'POST', url })), 'taken')
})
