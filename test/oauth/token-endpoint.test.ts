// RFC 6749 §3.2, §5.2: what the token endpoint takes, and how it refuses.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { launch, world } from '../harness.ts'

const formType = { 'content-type': 'application/x-www-form-urlencoded' }

test('the token endpoint takes one well-formed form', async (t) => {
  const launched = await launch(t)
  const { client_id, client_secret } = await (await world(launched)).client({ apis: ['smoo'] })
  const good = `grant_type=client_credentials&client_id=${client_id}&client_secret=${client_secret}`
  const post = (body: string | undefined, headers: Record<string, string> = formType, url = '/oauth/token') =>
    launched.ask('POST', url, { headers, ...(body !== undefined && { body }) })
  const refused = async (body: string | undefined, description: RegExp, headers?: Record<string, string>) => {
    const answer = await post(body, headers)
    assert.equal(answer.statusCode, 400, `${body}`)
    assert.equal(answer.headers['cache-control'], 'no-store')
    assert.equal(answer.headers['content-type'], 'application/json; charset=utf-8')
    const { error, error_description } = answer.json<Record<string, string>>()
    assert.equal(error, 'invalid_request', `${body}`)
    assert.match(error_description as string, description)
    assert.match(
      error_description as string,
      /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/,
      'RFC 6749 §5.2 allows no other characters',
    )
  }

  await t.test('on both paths, with no-store on the answer', async () => {
    for (const url of ['/oauth/token', '/token']) {
      const answer = await post(good, formType, url)
      assert.equal(answer.statusCode, 200)
      assert.equal(answer.headers['cache-control'], 'no-store')
      assert.equal(answer.headers.pragma, 'no-cache')
    }
  })

  await t.test('a charset on the media type is no other media type', async () => {
    assert.equal(
      (await post(good, { 'content-type': 'Application/X-WWW-Form-URLEncoded; charset=UTF-8' })).statusCode,
      200,
    )
  })

  await t.test('a space that was left as it is, as curl -d leaves it, is a space', async () => {
    assert.equal((await post(`${good}&scope=read write`)).statusCode, 200)
  })

  await t.test('a parameter without a value is absent, an unknown one is ignored, even twice', async () => {
    assert.equal((await post(`${good}&scope=&resource=&foo=1&foo=2&&=x`)).statusCode, 200)
  })

  await t.test('a repeated parameter is refused, also an empty or an encoded one', async () => {
    await refused(`${good}&grant_type=client_credentials`, /grant_type is repeated/)
    await refused(`${good}&client_id=${client_id}`, /client_id is repeated/)
    await refused(`${good}&client_secret=`, /client_secret is repeated/)
    await refused(`${good}&scope=read&%73cope=write`, /scope is repeated/)
  })

  await t.test('broken encodings are refused', async () => {
    for (const bad of ['%', '%2', '%zz', '%ff', '%c3%28', '%ed%a0%80', '%00', 'a%0ab', '%7f', 'é', 'a\tb', 'a\n'])
      await refused(`${good}&scope=${bad}`, /not well-formed/)
    await refused(`${good}&%=x`, /not well-formed/)
  })

  await t.test('more than 64 parameters are refused', async () => {
    await refused(`${good}${'&a=1'.repeat(70)}`, /more than 64 parameters/)
  })

  await t.test('JSON, text, multipart and nothing are told what to send', async () => {
    await refused(JSON.stringify({ grant_type: 'client_credentials' }), /application\/x-www-form-urlencoded/, {
      'content-type': 'application/json',
    })
    await refused(good, /application\/x-www-form-urlencoded/, { 'content-type': 'text/plain' })
    await refused(good, /application\/x-www-form-urlencoded/, { 'content-type': 'multipart/form-data; boundary=x' })
    await refused(undefined, /application\/x-www-form-urlencoded/, {})
    await refused('', /application\/x-www-form-urlencoded/)
  })

  await t.test('a megabyte is refused unread', async () => {
    const answer = await post(`${good}&x=${'a'.repeat(1024 * 1024)}`)
    assert.equal(answer.statusCode, 413)
    assert.equal(answer.json<{ error: string }>().error, 'invalid_request')
    assert.equal(answer.headers['cache-control'], 'no-store')
  })

  await t.test('nothing in the query counts', async () => {
    const answer = await launched.ask('POST', `/oauth/token?${good}`, {
      headers: formType,
      body: 'grant_type=client_credentials',
    })
    assert.equal(answer.statusCode, 401)
  })

  await t.test('other methods are 405 with Allow, whatever they carry', async () => {
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      for (const url of ['/oauth/token', '/token']) {
        const answer = await launched.ask(
          method,
          `${url}?${good}`,
          method === 'GET' ? {} : { headers: { 'content-type': 'application/json' }, body: '{' },
        )
        assert.equal(answer.statusCode, 405, method)
        assert.equal(answer.headers.allow, 'POST')
        assert.equal(answer.headers['cache-control'], 'no-store')
      }
    }
  })

  await t.test('grant_type is needed and must be known', async () => {
    await refused(`client_id=${client_id}&client_secret=${client_secret}`, /grant_type/)
    for (const grantType of ['password', 'implicit', 'CLIENT_CREDENTIALS', '__proto__', 'constructor']) {
      const answer = await post(`grant_type=${grantType}&client_id=${client_id}&client_secret=${client_secret}`)
      assert.equal(answer.statusCode, 400)
      assert.equal(answer.json<{ error: string }>().error, 'unsupported_grant_type')
    }
  })

  await t.test('whatever is sent, the answer is an RFC 6749 error without a stack, never 5xx', async () => {
    const names = fc.constantFrom(
      'grant_type',
      'client_id',
      'client_secret',
      'scope',
      'resource',
      'audience',
      'subject_token',
      'subject_token_type',
      'requested_token_type',
      'organization_id',
      '__proto__',
    )
    const values = fc.oneof(
      fc.constantFrom(
        'client_credentials',
        'urn:ietf:params:oauth:grant-type:token-exchange',
        'urn:latchkey:params:oauth:token-type:api-key',
        client_id,
        '%00',
        '%',
        'read write',
      ),
      fc.string({ unit: 'binary', maxLength: 40 }).map((text) => encodeURIComponent(text.toWellFormed())),
      fc.string({ maxLength: 40 }),
    )
    const bodies = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc
        .array(fc.tuple(names, values), { maxLength: 8 })
        .map((pairs) => pairs.map(([name, value]) => `${name}=${value}`).join('&')),
    )
    const headers = fc.option(
      fc.oneof(
        fc.base64String({ maxLength: 60 }).map((text) => `Basic ${text}`),
        fc.stringMatching(/^[\x20-\x7e]{0,40}$/),
      ),
      { nil: undefined },
    )
    await fc.assert(
      fc.asyncProperty(bodies, headers, async (body, authorization) => {
        const answer = await post(body, { ...formType, ...(authorization !== undefined && { authorization }) })
        assert.ok(answer.statusCode === 400 || answer.statusCode === 401, `${answer.statusCode} ${answer.body}`)
        assert.deepEqual(Object.keys(answer.json<object>()), ['error', 'error_description'])
      }),
      { numRuns: 500 },
    )
  })
})
