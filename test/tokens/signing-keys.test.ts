// The life of signing keys: made once, sealed at rest, rotated without breaking tokens, published without secrets.
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { after, test } from 'node:test'
import { Refusal } from '../../src/errors.ts'
import type { SigningAlgorithm } from '../../src/profiles/profile.ts'
import { decodeCbor } from '../../src/tokens/cbor.ts'
import { facts, openTokens, start } from './fixture.ts'

type Fixture = Awaited<ReturnType<typeof openTokens>>

const opened: Fixture[] = []
after(async () => {
  for (const fixture of opened.toReversed()) await fixture.close()
})
const open = async (options: Parameters<typeof openTokens>[0] = {}): Promise<Fixture> => {
  const fixture = await openTokens(options)
  opened.push(fixture)
  return fixture
}

const day = 86_400_000
const all = ['ES256', 'EdDSA', 'HS256 other-secret', 'HS256 secret', 'RS256']
const slot = ({ algorithm, api }: { algorithm: string; api: string | null }): string =>
  api === null ? algorithm : `${algorithm} ${api}`
const refusal = (code: string) => (error: unknown) => error instanceof Refusal && error.code === code

const main = await open()
await main.keys.ensure()

test('the first start makes one key for each algorithm and one secret for each API with HS256 tokens', async () => {
  assert.deepEqual((await main.keys.list()).map(slot).sort(), all)
  for (const key of await main.keys.list())
    assert.deepEqual(
      { createdAt: key.createdAt, retiredAt: key.retiredAt, expiresAt: key.expiresAt },
      { createdAt: start, retiredAt: null, expiresAt: null },
    )
})

test('a second start makes none', async () => {
  const before = await main.keys.list()
  await main.keys.ensure()
  assert.deepEqual(await main.keys.list(), before)
})

test('two processes that start at once make one set', async () => {
  const first = await open()
  const second = await open({ folder: first.folder })
  await Promise.all([first.keys.ensure(), second.keys.ensure(), first.keys.ensure()])
  assert.deepEqual((await first.keys.list()).map(slot).sort(), all)
  assert.deepEqual(await second.keys.list(), await first.keys.list())
})

test('at rest there is only ciphertext, bound to its row', async () => {
  const rows = await main.store.db.selectFrom('signing_keys').selectAll().execute()
  const secrets = await Promise.all(
    ['secret', 'other-secret'].map(async (name) => (await main.keys.exportSecret(name)).secret),
  )
  for (const row of rows) {
    assert.match(row.sealed, /^v1\./)
    assert.equal(row.public_jwk?.includes('"d"') ?? false, false)
    for (const secret of secrets) assert.equal(JSON.stringify(row).includes(secret), false)
  }
  const swapped = await open()
  await swapped.keys.ensure()
  const [one, other] = await swapped.store.db
    .selectFrom('signing_keys')
    .select(['id', 'sealed'])
    .where('algorithm', '=', 'HS256')
    .execute()
  assert.ok(one && other)
  await swapped.store.transaction(async (trx) => {
    await trx.updateTable('signing_keys').set({ sealed: other.sealed }).where('id', '=', one.id).execute()
  })
  const fresh = await open({ folder: swapped.folder })
  await assert.rejects(fresh.keys.ensure(), new RegExp(`Signing key ${one.id} cannot be opened`))
})

test('a start with another LATCHKEY_SECRET fails and says so', async () => {
  const other = await open({ folder: main.folder, secret: 'x'.repeat(32) })
  await assert.rejects(other.keys.ensure(), /LATCHKEY_SECRET is not the one/)
})

test('a rotated key signs at once in every process, and the old one verifies until its last token has expired', async () => {
  const fixture = await open()
  const elsewhere = await open({ folder: fixture.folder })
  await fixture.keys.ensure()
  for (const name of ['plain', 'secret']) {
    const old = await fixture.mint.accessToken(fixture.api(name), { ...facts, lifetimeSeconds: 86_400 })
    const before = await elsewhere.keys.signer(fixture.api(name).profile.token.algorithm, name)
    const rotated = await fixture.keys.rotate({ algorithm: before.algorithm, ...(name === 'secret' && { api: name }) })
    assert.equal(rotated.length, 1)
    assert.equal(rotated[0]?.replaces, before.id)
    assert.equal((await elsewhere.keys.signer(before.algorithm, name)).id, rotated[0]?.id)
    const issued = fixture.clock.now
    for (const { ms, ok } of [
      { ms: 0, ok: true },
      { ms: day - 1, ok: true },
      { ms: day, ok: false },
    ]) {
      elsewhere.clock.now = issued + ms
      const reading = await elsewhere.read(old.token, name)
      assert.equal(reading.ok, ok)
      assert.equal('reason' in reading ? reading.reason : undefined, ok ? undefined : 'expired')
    }
    elsewhere.clock.now = issued + day + 60_000
    const gone = await elsewhere.read(old.token, name)
    assert.equal('reason' in gone && gone.reason, name === 'secret' ? 'signature' : 'unknown_key')
    assert.equal(await elsewhere.keys.verifier(before.id), undefined)
    elsewhere.clock.now = issued
  }
})

test('rotation by algorithm, by API, of everything; nothing by a name that there is not', async () => {
  const fixture = await open()
  await fixture.keys.ensure()
  const rotated = async (which?: { algorithm?: SigningAlgorithm; api?: string }) =>
    (await fixture.keys.rotate(which)).map(slot).sort()
  assert.deepEqual(await rotated({ algorithm: 'HS256' }), ['HS256 other-secret', 'HS256 secret'])
  assert.deepEqual(await rotated({ api: 'secret' }), ['HS256 secret'])
  assert.deepEqual(await rotated({ algorithm: 'EdDSA' }), ['EdDSA'])
  assert.deepEqual(await rotated(), all)
  for (const which of [{ api: 'plain' }, { api: 'nowhere' }, { algorithm: 'ES256', api: 'secret' }] as const)
    await assert.rejects(rotated(which), refusal('not_found'))
  assert.equal((await fixture.keys.secrets('secret')).length, 4)
})

test('secrets are told newest first', async () => {
  const fixture = await open()
  await fixture.keys.ensure()
  fixture.clock.now += 1000
  await fixture.keys.rotate({ api: 'secret' })
  const [newest, oldest] = await fixture.keys.secrets('secret')
  assert.ok(newest && oldest && !newest.equals(oldest))
  assert.ok((await fixture.keys.signer('HS256', 'secret')).key.equals(newest))
  assert.deepEqual(await fixture.keys.secrets('plain'), [])
})

test('what the caller writes stands or falls with the rotation', async () => {
  const fixture = await open()
  await fixture.keys.ensure()
  const before = await fixture.keys.list()
  await assert.rejects(
    fixture.keys.rotate({}, async () => {
      throw new Error('no audit')
    }),
    /no audit/,
  )
  assert.deepEqual(await fixture.keys.list(), before)
  const rotated = await fixture.keys.rotate({ algorithm: 'EdDSA' }, async (trx, [key]) => {
    await trx
      .insertInto('settings')
      .values({ name: 'seen', value: String(key?.id) })
      .execute()
  })
  assert.equal(
    (await fixture.store.db.selectFrom('settings').select('value').where('name', '=', 'seen').executeTakeFirst())
      ?.value,
    rotated[0]?.id,
  )
})

test('keys older than the configuration wants are rotated, once', async () => {
  const fixture = await open({ rotateAfterDays: 30 })
  const elsewhere = await open({ folder: fixture.folder, rotateAfterDays: 30 })
  await fixture.keys.ensure()
  fixture.clock.now = start + 10 * day
  await fixture.keys.rotate({ algorithm: 'ES256' })
  fixture.clock.now = elsewhere.clock.now = start + 30 * day - 1
  assert.deepEqual(await fixture.keys.rotateDue(), [])
  fixture.clock.now = elsewhere.clock.now = start + 30 * day
  const seen: string[] = []
  const record = async (_: unknown, rotated: readonly { id: string }[]): Promise<void> =>
    void seen.push(...rotated.map(({ id }) => id))
  const both = await Promise.all([fixture.keys.rotateDue(record), elsewhere.keys.rotateDue(record)])
  assert.deepEqual(both.flat().map(slot).sort(), ['EdDSA', 'HS256 other-secret', 'HS256 secret', 'RS256'])
  assert.deepEqual(
    seen.sort(),
    both
      .flat()
      .map(({ id }) => id)
      .sort(),
  )
  assert.deepEqual(await fixture.keys.rotateDue(), [])
})

test('with 0 days nothing is ever due', async () => {
  const fixture = await open({ rotateAfterDays: 0 })
  await fixture.keys.ensure()
  fixture.clock.now = start + 10_000 * day
  assert.deepEqual(await fixture.keys.rotateDue(), [])
})

test('expired keys are pruned, however many, and no others', async () => {
  const fixture = await open()
  await fixture.keys.ensure()
  await fixture.keys.rotate({ api: 'secret' })
  await fixture.store.transaction(async (trx) => {
    for (let index = 0; index < 250; index++) {
      await trx
        .insertInto('signing_keys')
        .values({
          id: `old-${index}`,
          algorithm: 'HS256',
          api: 'secret',
          public_jwk: null,
          sealed: '',
          created_at: 0,
          retired_at: 1,
          expires_at: start,
        })
        .execute()
    }
  })
  assert.equal((await fixture.keys.list()).length, 6)
  assert.equal(await fixture.keys.prune(), 250)
  assert.equal(await fixture.keys.prune(), 0)
  assert.equal((await fixture.store.db.selectFrom('signing_keys').select('id').execute()).length, 6)
  fixture.clock.now = start + day + 60_000
  assert.equal(await fixture.keys.prune(), 1)
})

test('RFC 7517: the JWK Set holds the public keys, retired ones too, and never a secret', async () => {
  const fixture = await open()
  await fixture.keys.ensure()
  await fixture.keys.rotate({ algorithm: 'RS256' })
  const { keys } = await fixture.keys.jwks()
  const allowed = { EdDSA: ['crv', 'kty', 'x'], ES256: ['crv', 'kty', 'x', 'y'], RS256: ['e', 'kty', 'n'] } as Record<
    string,
    string[]
  >
  assert.deepEqual(keys.map(({ alg }) => alg).sort(), ['ES256', 'EdDSA', 'RS256', 'RS256'])
  for (const { kid, use, alg, ...key } of keys) {
    assert.equal(use, 'sig')
    assert.match(kid, /^[\w-]{22}$/)
    assert.deepEqual(Object.keys(key).sort(), allowed[alg])
    assert.equal((await fixture.keys.verifier(kid))?.algorithm, alg)
  }
  assert.equal(new Set(keys.map(({ kid }) => kid)).size, 4)
  fixture.clock.now += day + 60_000
  assert.equal((await fixture.keys.jwks()).keys.length, 3)
})

test('RFC 9052 §7: the COSE key set holds the Ed25519 keys', async () => {
  const fixture = await open()
  await fixture.keys.ensure()
  await fixture.keys.rotate({ algorithm: 'EdDSA' })
  const set = decodeCbor(await fixture.keys.coseKeys()) as Map<number, unknown>[]
  const expected = (await fixture.keys.jwks()).keys.filter(({ alg }) => alg === 'EdDSA')
  assert.deepEqual(
    set,
    expected.map(
      ({ kid, x }) =>
        new Map<number, unknown>([
          [1, 1],
          [2, new Uint8Array(Buffer.from(kid, 'base64url'))],
          [3, -8],
          [-1, 6],
          [-2, new Uint8Array(Buffer.from(x ?? '', 'base64url'))],
        ]),
    ),
  )
  assert.equal(set.length, 2)
})

test('an HS256 secret is no verifier, whatever its id', async () => {
  const { id } = await main.keys.signer('HS256', 'secret')
  assert.equal(await main.keys.verifier(id), undefined)
  for (const kid of ['', '__proto__', 'constructor', '../../etc/passwd', "' OR 1=1 --"])
    assert.equal(await main.keys.verifier(kid), undefined)
})

test('a secret is exported for the API that has one', async () => {
  const { id, secret } = await main.keys.exportSecret('secret')
  const { key, ...signer } = await main.keys.signer('HS256', 'secret')
  assert.deepEqual(signer, { id, algorithm: 'HS256' })
  assert.equal(Buffer.from(secret, 'base64url').length, 32)
  assert.equal(hash('sha256', Buffer.from(secret, 'base64url')), hash('sha256', key.export()))
  for (const name of ['plain', 'nowhere', '']) await assert.rejects(main.keys.exportSecret(name), refusal('not_found'))
})

test('a signer that there is not is a fault', async () => {
  await assert.rejects(async () => main.keys.signer('HS256', 'plain'), /no HS256 signing key of the API "plain"/)
  await assert.rejects(async () => main.keys.signer('HS256'), /no HS256 signing key/)
})

test('a key is opened once', async () => {
  const first = await main.keys.signer('RS256')
  await main.store.transaction(async (trx) => {
    await trx.insertInto('settings').values({ name: 'anything', value: 'changed' }).execute()
  })
  assert.equal((await main.keys.signer('RS256')).key, first.key)
  assert.equal((await main.keys.verifier(first.id))?.key, (await main.keys.verifier(first.id))?.key)
})
