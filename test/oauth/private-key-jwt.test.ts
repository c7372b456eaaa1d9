// RFC 7523 §2.2, §3, draft-ietf-oauth-rfc7523bis-11 §4, RFC 8725: a client proves itself by a JWT that it signed, once, for this server.
import assert from 'node:assert/strict'
import { createHmac, createPublicKey } from 'node:crypto'
import { test } from 'node:test'
import { assertionForm, type AssertionChanges, keyPair, signAssertion } from '../clients/client-key.ts'
import { launch, stoppedClock, world } from '../harness.ts'

const failure = '{"error":"invalid_client","error_description":"Client authentication failed"}'
const clock = stoppedClock('2026-02-01T12:00:00Z')
const nowSeconds = (): number => clock() / 1000

test('private_key_jwt', async (t) => {
  const launched = await launch(t, { now: clock })
  const { issuer } = launched.config
  const acme = await world(launched)
  const pair = keyPair('ES256', 'one')
  const other = keyPair('ES256', 'one')
  const { client_id: id, ...made } = await acme.client({ jwks: { keys: [pair.jwk] }, apis: ['smoo'] })
  const post = (form: Record<string, string>, headers: Record<string, string> = {}) =>
    launched.ask('POST', '/oauth/token', { form: { grant_type: 'client_credentials', ...form }, headers })
  const sign = (changes?: AssertionChanges) => signAssertion(pair, id, issuer, clock(), changes)
  const assertFailed = (answer: Awaited<ReturnType<typeof post>>, what: string) => {
    assert.equal(answer.statusCode, 401, what)
    assert.equal(answer.body, failure, what)
    assert.equal(answer.headers['www-authenticate'], undefined, what)
  }

  await t.test('a client with keys has no secret, and gets a token', async () => {
    assert.equal('client_secret' in made, false)
    assert.equal((await post(assertionForm(await sign()))).statusCode, 200)
    assert.equal((await post({ ...assertionForm(await sign()), client_id: id })).statusCode, 200)
    for (const typ of ['JWT', 'client-authentication+jwt'])
      assert.equal((await post(assertionForm(await sign({ header: { typ } })))).statusCode, 200, typ)
    assert.equal((await post(assertionForm(await sign({ claims: { aud: [issuer] } })))).statusCode, 200)
    assert.equal((await post(assertionForm(await sign({ header: { x5t: 'abc' } })))).statusCode, 200)
    assert.equal((await post(assertionForm(await sign({ header: { kid: undefined } })))).statusCode, 200)
  })

  await t.test('every algorithm, each with its own kind of key', async () => {
    for (const alg of ['ES256', 'RS256', 'EdDSA'] as const) {
      const own = keyPair(alg)
      const { client_id } = await acme.client({ jwks: { keys: [own.jwk] }, apis: ['smoo'] })
      const assertion = await signAssertion(own, client_id, issuer, clock())
      assert.equal((await post(assertionForm(assertion))).statusCode, 200, alg)
    }
    const own = { ...keyPair('EdDSA'), alg: 'Ed25519' }
    const { client_id } = await acme.client({ jwks: { keys: [own.jwk] }, apis: ['smoo'] })
    assert.equal((await post(assertionForm(await signAssertion(own, client_id, issuer, clock())))).statusCode, 200)
  })

  await t.test('once', async () => {
    const assertion = await sign()
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => post(assertionForm(assertion))))
    assert.equal(answers.filter(({ statusCode }) => statusCode === 200).length, 1)
    const again = await launch(t, { now: clock, folder: launched.folder })
    for (const process of [launched, again])
      assertFailed(
        await process.ask('POST', '/oauth/token', {
          form: { grant_type: 'client_credentials', ...assertionForm(assertion) },
        }),
        'replay',
      )
  })

  await t.test('the jti of one client is not that of another', async () => {
    const { client_id } = await acme.client({ jwks: { keys: [other.jwk] }, apis: ['smoo'] })
    const claims = { jti: 'the-same' }
    assert.equal((await post(assertionForm(await sign({ claims })))).statusCode, 200)
    const theirs = await signAssertion(other, client_id, issuer, clock(), { claims })
    assert.equal((await post(assertionForm(theirs))).statusCode, 200)
    assertFailed(await post(assertionForm(await sign({ claims }))), 'the same again')
  })

  await t.test('claims that are wrong', async () => {
    const wrong: Record<string, unknown>[] = [
      { iss: undefined },
      { sub: undefined },
      { iss: 'somebody' },
      { sub: 'somebody' },
      { iss: 'somebody', sub: 'somebody' },
      { sub: [id] },
      { aud: undefined },
      { aud: `${issuer}/` },
      { aud: `${issuer}/oauth/token` },
      { aud: [issuer, `${issuer}/oauth/token`] },
      { aud: [issuer, 'https://other.example'] },
      { aud: [] },
      { aud: 'https://other.example' },
      { exp: undefined },
      { exp: nowSeconds() },
      { exp: nowSeconds() - 1 },
      { exp: nowSeconds() + 361 },
      { exp: String(nowSeconds() + 60) },
      { exp: 1e300 },
      { iat: nowSeconds() + 61 },
      { iat: 'now' },
      { nbf: nowSeconds() + 61 },
      { nbf: -1 },
      { jti: undefined },
      { jti: '' },
      { jti: 7 },
      { jti: 'x'.repeat(257) },
    ]
    for (const claims of wrong) assertFailed(await post(assertionForm(await sign({ claims }))), JSON.stringify(claims))
    for (const claims of [{ exp: nowSeconds() + 300 }, { iat: undefined }, { nbf: nowSeconds() }, { extra: 1 }])
      assert.equal((await post(assertionForm(await sign({ claims })))).statusCode, 200, JSON.stringify(claims))
  })

  await t.test('headers, algorithms and keys that are wrong', async () => {
    const header = (fields: object): string => Buffer.from(JSON.stringify(fields)).toString('base64url')
    const [, claims] = (await sign()).split('.') as [string, string, string]
    const pem = createPublicKey(pair.privateKey).export({ format: 'pem', type: 'spki' })
    const hmac = (input: string): string => createHmac('sha256', pem).update(input).digest('base64url')
    const hs256 = `${header({ alg: 'HS256', kid: 'one' })}.${claims}`
    const right = await sign()
    const attacks: Record<string, string> = {
      'another key': await signAssertion(other, id, issuer, clock()),
      'no algorithm': `${header({ alg: 'none' })}.${claims}.`,
      'the public key as an HMAC secret': `${hs256}.${hmac(hs256)}`,
      'another kid': await sign({ header: { kid: 'two' } }),
      'a key in the header': await signAssertion(other, id, issuer, clock(), {
        header: { jwk: other.jwk, kid: undefined },
      }),
      crit: `${header({ alg: 'ES256', kid: 'one', crit: ['exp'], exp: 1 })}.${right.split('.').slice(1).join('.')}`,
      'an access token': await sign({ header: { typ: 'at+jwt' } }),
      'a DPoP proof': await sign({ header: { typ: 'dpop+jwt' } }),
      'a longer kid': await sign({ header: { kid: 'x'.repeat(257) } }),
      'a signature that is cut': right.slice(0, -2),
      padding: `${right}=`,
      'a fourth part': `${right}.`,
      encrypted: `${right}.a.b`,
      'too long': await sign({ claims: { extra: 'x'.repeat(8192) } }),
      nothing: 'x',
    }
    const rsa = keyPair('RS256')
    const { client_id } = await acme.client({ jwks: { keys: [rsa.jwk] }, apis: ['smoo'] })
    attacks['an algorithm that the key is not for'] = await signAssertion(
      { ...rsa, alg: 'PS256' },
      client_id,
      issuer,
      clock(),
    )
    for (const [what, assertion] of Object.entries(attacks)) assertFailed(await post(assertionForm(assertion)), what)
    const nested = `{"iss":"${id}","sub":"${id}","a":${'['.repeat(9)}${']'.repeat(9)}}`
    for (const text of [nested, `{"iss":"x","sub":"${id}","iss":"${id}"}`])
      assertFailed(
        await post(assertionForm(`${header({ alg: 'ES256' })}.${Buffer.from(text).toString('base64url')}.AAAA`)),
        text,
      )
  })

  await t.test('with another method, or for another client, it is ambiguous or malformed', async () => {
    const { client_id: otherId, client_secret } = await acme.client({ apis: ['smoo'] })
    const basic = { authorization: `Basic ${Buffer.from(`${otherId}:${client_secret}`).toString('base64')}` }
    for (const answer of [
      await post({ ...assertionForm(await sign()), client_id: otherId }),
      await post({ ...assertionForm(await sign()), client_id: id, client_secret }),
      await post(assertionForm(await sign()), basic),
    ]) {
      assert.equal(answer.statusCode, 400)
      assert.equal(answer.json<{ error: string }>().error, 'invalid_request')
    }
    const assertion = await sign()
    const malformed: Record<string, string>[] = [
      { client_assertion: assertion },
      {
        client_assertion: assertion,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer',
      },
      { client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer' },
      { client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer', client_id: id },
      { client_id: id },
      { client_id: id, client_secret: 'cs_x' },
    ]
    for (const form of malformed) assertFailed(await post(form), JSON.stringify(form))
  })

  await t.test('a client with a secret cannot use an assertion, nor an unknown one', async () => {
    const { client_id: secretive } = await acme.client({ apis: ['smoo'] })
    for (const clientId of [secretive, '0197a000-0000-7000-8000-000000000001', 'latchkey-cli'])
      assertFailed(await post(assertionForm(await signAssertion(pair, clientId, issuer, clock()))), clientId)
  })

  await t.test('of a suspended organization it fails like any other', async () => {
    await launched.operate('PATCH', `/organizations/${acme.organization}`, { suspended: true })
    assertFailed(await post(assertionForm(await sign())), 'suspended')
    await launched.operate('PATCH', `/organizations/${acme.organization}`, { suspended: false })
    assert.equal((await post(assertionForm(await sign()))).statusCode, 200)
  })
})
