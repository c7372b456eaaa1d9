// draft-ietf-oauth-status-list-21: a verifier that never asks about a token learns what has been revoked, whatever it was that ended it.
import assert from 'node:assert/strict'
import { createPublicKey, verify } from 'node:crypto'
import { test } from 'node:test'
import { inflateSync } from 'node:zlib'
import { decode, encode } from 'cborg'
import { createLocalJWKSet, decodeJwt, type JSONWebKeySet, jwtVerify } from 'jose'
import type { LatchkeyConfig } from '../../src/config/config.ts'
import { launch, stoppedClock, world } from '../harness.ts'
import { allowed } from './allowed.ts'

const file: LatchkeyConfig = {
  defaultApi: 'orders',
  apis: {
    orders: { audience: 'https://orders.example.com', statusList: true },
    stock: { audience: 'https://stock.example.com' },
  },
}

interface Place {
  idx: number
  uri: string
}

test('status lists', async (t) => {
  const clock = stoppedClock('2026-02-01T12:00:00Z')
  const launched = await launch(t, { file, now: clock })
  const { ask, operate, config } = launched
  const acme = await world(launched)
  const client = await acme.client({
    redirect_uris: ['https://app.example.com/cb'],
    grants: ['authorization_code', 'refresh_token', 'client_credentials'],
  })
  const proof = { client_id: client.client_id, client_secret: client.client_secret }
  const token = async (form: Record<string, string>) => {
    const answer = await ask('POST', '/oauth/token', { form })
    assert.equal(answer.statusCode, 200, answer.body)
    return answer.json<{ access_token: string }>().access_token
  }
  const own = () => token({ grant_type: 'client_credentials', ...proof })
  const exchanged = (
    subject_token: string,
    kind: 'api-key' | 'personal-access-token',
    form: 'jwt' | 'cwt',
    more = {},
  ) =>
    token({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token,
      subject_token_type: `urn:latchkey:params:oauth:token-type:${kind}`,
      requested_token_type:
        form === 'jwt' ? 'urn:ietf:params:oauth:token-type:jwt' : 'urn:latchkey:params:oauth:token-type:cwt',
      ...more,
    })
  const consent = () =>
    allowed(
      launched,
      { client, userId: acme.owner, organizationId: acme.organization, api: 'orders', scope: 'read offline_access' },
      clock(),
    )
  const placeOf = async (access: string): Promise<Place> =>
    (await operate<{ claims: { status: { status_list: Place } } }>('POST', '/inspect', { token: access })).claims.status
      .status_list
  const pathOf = (uri: string): string => {
    assert.ok(uri.startsWith(`${config.issuer}/status-lists/`), uri)
    return uri.slice(config.issuer.length)
  }
  /** As a service does that has fetched the keys: it knows Latchkey's issuer and nothing else. */
  const statusOf = async (access: string): Promise<number> => {
    const { idx, uri } = await placeOf(access)
    const answer = await ask('GET', pathOf(uri), { headers: { accept: 'application/statuslist+jwt' } })
    assert.equal(answer.statusCode, 200, answer.body)
    assert.equal(answer.headers['content-type'], 'application/statuslist+jwt')
    const keys = createLocalJWKSet((await ask('GET', '/.well-known/jwks.json')).json<JSONWebKeySet>())
    const { payload, protectedHeader } = await jwtVerify<{ ttl: number; status_list: { bits: number; lst: string } }>(
      answer.body,
      keys,
      {
        typ: 'statuslist+jwt',
        algorithms: ['ES256'],
        subject: uri,
        issuer: config.issuer,
        currentDate: new Date(clock()),
        requiredClaims: ['iat', 'exp', 'ttl'],
      },
    )
    assert.ok(protectedHeader.kid)
    const { bits, lst } = payload.status_list
    assert.equal(bits, 1)
    const statuses = inflateSync(Buffer.from(lst, 'base64url'), { maxOutputLength: 65_536 })
    assert.ok(idx < statuses.length * 8)
    return ((statuses[idx >> 3] ?? 0) >> (idx & 7)) & 1
  }
  /** Whether `end` makes the token INVALID, and no other token. */
  const endsBy = async (access: string, end: () => Promise<unknown>) => {
    const bystander = await own()
    clock.advance(30_000)
    assert.equal(await statusOf(access), 0)
    await end()
    clock.advance(30_000)
    assert.equal(await statusOf(access), 1)
    assert.equal(await statusOf(bystander), 0)
  }

  await t.test('§6 tokens of an API that asks for it have a place, and no others', async () => {
    const { status, ...claims } = decodeJwt<{ status?: object }>(await own())
    assert.deepEqual(Object.keys(status ?? {}), ['status_list'])
    assert.ok(claims.jti)
    const plain = await token({ grant_type: 'client_credentials', ...proof, resource: 'https://stock.example.com' })
    assert.equal(decodeJwt(plain).status, undefined)
    const { key } = await acme.key()
    const cwt = decode(Buffer.from(await exchanged(key, 'api-key', 'cwt'), 'base64url').subarray(1), {
      useMaps: true,
    }) as Uint8Array[]
    const place = (decode(cwt[2] as Uint8Array, { useMaps: true }) as Map<number, Map<string, Map<string, unknown>>>)
      .get(65535)
      ?.get('status_list')
    assert.deepEqual([...(place?.keys() ?? [])].toSorted(), ['idx', 'uri'])
  })

  await t.test('a token that was revoked by itself', async () => {
    const access = await own()
    await endsBy(access, () => ask('POST', '/oauth/revoke', { form: { token: access, ...proof } }))
  })

  await t.test('a key, and a personal access token, from which it was made', async () => {
    const key = await acme.key()
    await endsBy(await exchanged(key.key, 'api-key', 'cwt'), () => operate('DELETE', `/api-keys/${key.id}`))
    const personal = await acme.token()
    await endsBy(await exchanged(personal.token, 'personal-access-token', 'jwt'), () =>
      ask('POST', '/oauth/revoke', { form: { token: personal.token } }),
    )
  })

  await t.test('the grant of a person, revoked by its refresh token; the person suspended', async () => {
    const { access_token, refresh_token = '' } = await consent()
    await endsBy(access_token, () => ask('POST', '/oauth/revoke', { form: { token: refresh_token, ...proof } }))
    await endsBy((await consent()).access_token, () => operate('PATCH', `/users/${acme.owner}`, { suspended: true }))
    await operate('PATCH', `/users/${acme.owner}`, { suspended: false })
  })

  await t.test('a person who is no member any more', async () => {
    const other = await operate<{ id: string }>('POST', '/users', { email: 'other@example.com', name: 'Other' })
    await operate('POST', `/organizations/${acme.organization}/members`, { user_id: other.id, role: 'member' })
    const personal = await operate<{ token: string }>('POST', `/users/${other.id}/tokens`, {
      name: 'T',
      all_organizations: true,
    })
    const access = await exchanged(personal.token, 'personal-access-token', 'cwt', {
      organization_id: acme.organization,
    })
    const { access_token } = await allowed(
      launched,
      { client, userId: other.id, organizationId: acme.organization, api: 'orders', scope: 'read' },
      clock(),
    )
    await endsBy(access, () => operate('DELETE', `/organizations/${acme.organization}/members/${other.id}`))
    assert.equal(await statusOf(access_token), 1)
  })

  await t.test('a client that is deleted, and an organization that is suspended', async () => {
    const second = await world(launched)
    const theirs = await second.client()
    const form = { grant_type: 'client_credentials', client_id: theirs.client_id, client_secret: theirs.client_secret }
    const suspend = (suspended: boolean) => operate('PATCH', `/organizations/${second.organization}`, { suspended })
    await endsBy(await token(form), () => suspend(true))
    await suspend(false)
    await endsBy(await token(form), () => operate('DELETE', `/clients/${theirs.client_id}`))
  })

  await t.test('§5.2, §8.1 the same list as a CWT, by Accept', async () => {
    const access = await own()
    const { uri } = await placeOf(access)
    const answer = await ask('GET', pathOf(uri), {
      headers: { accept: 'application/statuslist+cwt;q=0.9, application/statuslist+jwt;q=0.5' },
    })
    assert.equal(answer.headers['content-type'], 'application/statuslist+cwt')
    assert.equal(answer.rawPayload[0], 0xd2)
    const [protectedHeader, , payload, signature] = decode(answer.rawPayload.subarray(1), {
      useMaps: true,
    }) as Uint8Array[]
    const header = decode(protectedHeader as Uint8Array, { useMaps: true }) as Map<number, unknown>
    const keySet = (await ask('GET', '/.well-known/cose-keys')).rawPayload
    const keys = decode(keySet, { useMaps: true }) as Map<number, Uint8Array>[]
    const key = keys.find((each) => Buffer.compare(each.get(2) ?? Buffer.of(), header.get(4) as Uint8Array) === 0)
    const x = Buffer.from(key?.get(-2) ?? []).toString('base64url')
    const signed = encode(['Signature1', protectedHeader, Buffer.of(), payload])
    const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
    assert.ok(verify(null, signed, publicKey, signature as Uint8Array))
    assert.equal(header.get(16), 'application/statuslist+cwt')
    const claims = decode(payload as Uint8Array, { useMaps: true }) as Map<number, unknown>
    const at = Math.floor(clock() / 1000)
    const list = claims.get(65533) as Map<string, unknown>
    assert.deepEqual([claims.get(2), claims.get(4), claims.get(65534)], [uri, (claims.get(6) as number) + 300, 30])
    assert.ok(at - (claims.get(6) as number) <= 30)
    assert.equal(list.get('bits'), 1)
    const jwt = decodeJwt<{ status_list: { lst: string } }>((await ask('GET', pathOf(uri))).body)
    assert.deepEqual(Buffer.from(list.get('lst') as Uint8Array).toString('base64url'), jwt.status_list.lst)
    for (const accept of ['*/*', 'text/html', 'application/statuslist+jwt, application/statuslist+cwt'])
      assert.equal(
        (await ask('GET', pathOf(uri), { headers: { accept } })).headers['content-type'],
        'application/statuslist+jwt',
      )
  })

  await t.test(
    'a list is kept for half a minute, here and in caches together; it is never an access token',
    async () => {
      const { uri } = await placeOf(await own())
      clock.advance(30_000)
      const first = await ask('GET', pathOf(uri))
      assert.equal(first.headers['cache-control'], 'public, max-age=30')
      assert.equal(first.headers['access-control-allow-origin'], '*')
      assert.equal(first.headers.vary, 'Accept')
      clock.advance(20_000)
      const second = await ask('GET', pathOf(uri))
      assert.equal(second.body, first.body)
      assert.equal(second.headers['cache-control'], 'public, max-age=10')
      clock.advance(10_000)
      assert.notEqual((await ask('GET', pathOf(uri))).body, first.body)
      const { valid } = await operate<{ valid: boolean }>('POST', '/verify', {
        credential: first.body.slice(0, 8192),
        api: 'orders',
      })
      assert.equal(valid, false)
    },
  )

  await t.test(
    'on the issuer’s host alone; what is not there is not found; a list goes with its last token',
    async () => {
      const { uri } = await placeOf(await own())
      for (const id of ['x', 'A'.repeat(22), '%41', 'A'.repeat(90)])
        assert.equal((await ask('GET', `/status-lists/${id}`)).statusCode, 404, id.slice(0, 30))
      assert.equal((await ask('GET', pathOf(uri), { host: 'elsewhere.example' })).statusCode, 421)
      clock.advance(3_600_000)
      assert.equal((await ask('GET', pathOf(uri))).statusCode, 404)
    },
  )
})
