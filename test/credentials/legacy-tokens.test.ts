// Legacy tokens: an import in which a bad line stops nothing else and that may be run again, lists, and deletion.
import assert from 'node:assert/strict'
import { randomBytes, randomUUIDv7 } from 'node:crypto'
import { test } from 'node:test'
import { hashOf } from '../../src/credentials/format.ts'
import type { BadLine, ImportResult, LegacyLine } from '../../src/credentials/import-legacy.ts'
import { readLegacyCsv } from '../../src/credentials/legacy-csv.ts'
import { legacyHash } from '../../src/credentials/legacy-format.ts'
import type { SecretBox } from '../../src/secret-box.ts'
import { refused, scene } from './scene.ts'

const world = await scene({
  file: {
    apis: {
      zones: {
        profile: 'default',
        accepts: ['legacy_token'],
        legacyTokens: { deprecatedAt: '2026-01-01', sunsetAt: '2028-01-01', link: 'https://example.com/legacy' },
      },
    },
  },
})
const { app, call, operate, person, clock } = world

const owner = await person()
const organization = await world.organization(owner.id, 'Zones')

const importLines = (lines: readonly LegacyLine[]): Promise<ImportResult> =>
  operate('POST', '/legacy-tokens/import', { lines })

const verify = async (credential: string, fields: object = {}) =>
  operate<{ valid: boolean; code: string; principal?: { id: string; organization_ids: string[]; subject: string } }>(
    'POST',
    '/verify',
    { credential, dry_run: true, ...fields },
  )

/** In hex: base64url may begin like a prefix, which the hint would then tell. */
const opaque = (): string => randomBytes(20).toString('hex')
const good = (fields: Partial<LegacyLine> = {}): LegacyLine => ({
  line: 2,
  name: 'Old',
  owner: owner.email,
  organization: 'Zones',
  token: opaque(),
  ...fields,
})

test('an imported token is let in as its owner, in the organization that it is held to', async () => {
  const [named, everywhere, hashed, byIds] = [opaque(), opaque(), opaque(), opaque()]
  const second = await world.organization(owner.id, 'Second')
  const result = await importLines([
    good({ token: named }),
    good({ token: everywhere, organization: '' }),
    good({ token: undefined, sha256: hashOf(hashed).toUpperCase() }),
    good({ token: byIds, owner: owner.id, organization: organization.toUpperCase() }),
    good({ token: opaque(), owner: ` ${owner.email.toUpperCase()} `, sha256: '' }),
  ])
  assert.deepEqual(result, { imported: 5, skipped: 0, failed: [] })
  for (const token of [named, hashed, byIds]) {
    const { valid, principal } = await verify(token)
    assert.equal(valid, true)
    assert.equal(principal?.subject, owner.id)
    assert.deepEqual(principal?.organization_ids, [organization])
  }
  assert.deepEqual((await verify(everywhere)).principal?.organization_ids.sort(), [organization, second].sort())
  const list = await operate<{ data: Record<string, string>[] }>('GET', '/legacy-tokens')
  const hints = list.data.map(({ hint }) => hint)
  assert.ok(hints.includes(`…${named.slice(-4)}`) && hints.includes(`sha256…${hashOf(hashed).slice(-4)}`))
  // neither the token nor its plain hash is kept: without the secret a lost database opens nothing
  const kept = JSON.stringify([
    await app.store.db.selectFrom('credentials').selectAll().execute(),
    await app.store.db.selectFrom('audit').selectAll().execute(),
  ])
  for (const token of [named, everywhere, hashed, byIds])
    assert.ok(!kept.includes(token) && !kept.includes(hashOf(token)))
})

test('each bad line is told by its number, and nothing that it holds', async () => {
  const other = await world.organization((await person()).id, 'Not theirs')
  const twins = [await world.organization(owner.id, 'Twin'), await world.organization(owner.id, 'Twin')]
  const secret = 'do-not-tell-this-token'
  const bad: [Partial<LegacyLine>, RegExp][] = [
    [{ name: '' }, /name/],
    [{ name: undefined }, /name/],
    [{ name: 'x'.repeat(201) }, /name/],
    [{ name: 'a\nb' }, /name/],
    [{ owner: '' }, /owner/],
    [{ owner: secret }, /no user/],
    [{ owner: randomUUIDv7() }, /no user/],
    [{ organization: other }, /no organization/],
    [{ organization: 'Not theirs' }, /no organization/],
    [{ organization: 'zones' }, /no organization/],
    [{ organization: secret }, /no organization/],
    [{ organization: 'Twin' }, /several/],
    [{ token: undefined }, /either/],
    [{ token: secret, sha256: hashOf(secret) }, /either/],
    [{ token: 'short' }, /8 to 4096/],
    [{ token: `${secret} with space` }, /8 to 4096/],
    [{ token: `${secret}\u00e9` }, /8 to 4096/],
    [{ token: secret.padEnd(4097, 'x') }, /8 to 4096/],
    [{ token: undefined, sha256: secret }, /64/],
    [{ token: undefined, sha256: `${hashOf(secret)}0` }, /64/],
  ]
  const lines = bad.map(([fields], index) => good({ ...fields, line: index + 2 }))
  const last = good({ line: 100, organization: twins[1] })
  const result = await importLines([...lines, last])
  assert.deepEqual(
    result.failed.map(({ line }) => line),
    lines.map(({ line }) => line),
  )
  assert.equal(result.imported, 1)
  for (const [index, [, reason]] of bad.entries()) assert.match(result.failed[index]?.reason ?? '', reason)
  assert.ok(!JSON.stringify(result).includes(secret))
  assert.equal((await verify(String(last.token))).valid, true)
  assert.equal(
    (await importLines([good({ token: secret.padEnd(4096, 'x') }), good({ token: '12345678' })])).imported,
    2,
  )
})

test('what is there already is passed over; for somebody else it fails', async () => {
  const other = await person({ of: organization, role: 'member' })
  const line = good()
  assert.deepEqual(await importLines([line, { ...line, line: 3 }, { ...line, line: 4, organization: '' }]), {
    imported: 1,
    skipped: 1,
    failed: [{ line: 4, reason: 'This token has been imported for another owner or organization.' }],
  })
  const again = await importLines([
    { ...line, name: 'New name' },
    { ...line, token: undefined, sha256: hashOf(String(line.token)) },
    { ...line, line: 9, owner: other.email },
  ])
  assert.deepEqual([again.imported, again.skipped, again.failed.map((failed) => failed.line)], [0, 2, [9]])
  const [first] = (await operate<{ data: { name: string }[] }>('GET', '/legacy-tokens?limit=1')).data
  assert.equal(first?.name, 'Old')
})

test('two imports of the same lines at once keep each line once', async () => {
  const lines = Array.from({ length: 500 }, (_, index) => good({ line: index + 2 }))
  const [one, two] = await Promise.all([importLines(lines), importLines(lines)])
  assert.deepEqual([one.imported + two.imported, one.skipped + two.skipped], [500, 500])
})

test('5,000 lines with some bad ones, stopped in the middle and run again', async () => {
  const csv = ['name,owner,organization,token']
  const tokens = Array.from({ length: 5000 }, opaque)
  for (const [index, token] of tokens.entries()) {
    if (index % 500 === 7) csv.push(`"Token ${index},${owner.email},Zones,${token}`)
    else if (index % 500 === 8) csv.push(`Token ${index},nobody@example.com,Zones,${token}`)
    else csv.push(`"Token, ${index}",${owner.email},Zones,${token}`)
  }
  const run = async (batches: number): Promise<ImportResult> => {
    const total: ImportResult = { imported: 0, skipped: 0, failed: [] }
    let batch: LegacyLine[] = []
    const send = async (): Promise<void> => {
      const { imported, skipped, failed } = await importLines(batch)
      total.imported += imported
      total.skipped += skipped
      total.failed.push(...failed)
      batch = []
    }
    let sent = 0
    for await (const line of readLegacyCsv(asStream(csv.join('\n')))) {
      if ('reason' in line) total.failed.push(line)
      else batch.push(line)
      if (batch.length < 1000) continue
      await send()
      if (++sent === batches) return total
    }
    await send()
    return total
  }
  const stopped = await run(2)
  assert.deepEqual([stopped.imported, stopped.skipped, stopped.failed.length], [1996, 0, 8])
  const whole = await run(Infinity)
  assert.deepEqual([whole.imported, whole.skipped, whole.failed.length], [4980 - 1996, 1996, 20])
  const bad = tokens.flatMap((_, index) => ([7, 8].includes(index % 500) ? [index + 2] : []))
  assert.deepEqual(
    whole.failed.map(({ line }) => line).sort((a, b) => a - b),
    bad,
  )
  assert.equal((await verify(String(tokens[4999]))).valid, true)
  assert.equal((await verify(String(tokens[8]))).valid, false)
  const third = await run(Infinity)
  assert.deepEqual([third.imported, third.skipped], [0, 4980])
})

async function* asStream(text: string): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text)
  for (let from = 0; from < bytes.length; from += 1000) yield bytes.subarray(from, from + 1000)
}

test('one audit entry a call, with counts alone', async () => {
  const line = good()
  await importLines([line, good({ line: 3, owner: 'nobody' })])
  const row = await app.store.db
    .selectFrom('audit')
    .selectAll()
    .where('action', '=', 'legacy_token.imported')
    .orderBy('at', 'desc')
    .orderBy('id', 'desc')
    .executeTakeFirstOrThrow()
  assert.deepEqual(JSON.parse(String(row.detail)), { imported: 1, skipped: 0, failed: 1 })
})

test('a call takes 1 to 1,000 lines of known fields', async () => {
  const attempt = (body: object) =>
    world.ask('POST', '/api/v1/legacy-tokens/import', { headers: app.operatorHeaders(), body })
  for (const wrong of [
    {},
    { lines: [] },
    { lines: Array.from({ length: 1001 }, () => good()) },
    { lines: [{ ...good(), extra: 1 }] },
    { lines: [{ ...good(), line: 0 }] },
    { lines: [{ ...good(), token: 1 }] },
    { lines: good() },
  ]) {
    assert.equal((await attempt(wrong)).json().code, 'invalid_request')
  }
})

test('a person sees and deletes their own; the next request with it is refused', async () => {
  const other = await person({ of: organization, role: 'owner' })
  const [mine, theirs] = [opaque(), opaque()]
  await importLines([good({ token: mine, owner: other.email }), good({ token: theirs })])
  const own = (await call(other.token, 'GET', '/account/legacy-tokens')).body.data
  assert.equal(own.length, 1)
  assert.deepEqual(Object.keys(own[0] ?? {}).sort(), [
    'created_at',
    'hint',
    'id',
    'last_used_at',
    'name',
    'organization_id',
    'organization_name',
    'successor',
    'user_email',
    'user_id',
    'user_name',
  ])
  const id = String(own[0]?.id)
  const [foreign] = (await call(owner.token, 'GET', '/account/legacy-tokens?limit=1')).body.data
  const [tokenId] = [String(foreign?.id)]
  for (const path of ['/account/legacy-tokens', '/legacy-tokens'])
    refused(await call(other.token, 'DELETE', `${path}/${tokenId}`), 'not_found')
  refused(await call(other.token, 'GET', '/legacy-tokens'), 'forbidden')
  refused(await call(other.token, 'POST', '/legacy-tokens/import', { lines: [good()] }), 'forbidden')
  refused(await call(other.token, 'DELETE', `/account/legacy-tokens/${other.tokenId}`), 'not_found')

  await app.store.recordLastUse(new Map([[id, clock.at]]))
  assert.equal(
    (await call(other.token, 'GET', '/account/legacy-tokens')).body.data[0]?.last_used_at,
    new Date(clock.at).toISOString(),
  )
  assert.equal((await verify(mine)).valid, true)
  assert.deepEqual((await call(other.token, 'DELETE', `/account/legacy-tokens/${id}`)).body, { id, deleted: true })
  assert.deepEqual([(await verify(mine)).valid, (await verify(mine)).code], [false, 'invalid_api_key'])
  refused(await call(other.token, 'DELETE', `/account/legacy-tokens/${id}`), 'not_found')
  assert.deepEqual(await world.actions(id), ['legacy_token.deleted'])
  assert.deepEqual(await operate('DELETE', `/legacy-tokens/${tokenId}`), { id: tokenId, deleted: true })
  // a token that was deleted may be imported anew
  assert.equal((await importLines([good({ token: mine, owner: other.email })])).imported, 1)
})

test('the hash is keyed: without the secret a guess cannot be checked', () => {
  const seen: string[] = []
  const box = {
    hmac: (data: string | Uint8Array) => (seen.push(Buffer.from(data).toString('hex')), 'mac'),
  } as unknown as SecretBox
  assert.equal(legacyHash(box, hashOf('token')), 'mac')
  assert.deepEqual(seen, [hashOf('token')])
})

const read = async (text: string | Uint8Array[]): Promise<(LegacyLine | BadLine)[]> => {
  const lines: (LegacyLine | BadLine)[] = []
  const input =
    typeof text === 'string'
      ? asStream(text)
      : (async function* () {
          yield* text
        })()
  for await (const line of readLegacyCsv(input)) lines.push(line)
  return lines
}

test('CSV: any order of columns, quotes, CRLF, a byte order mark, empty lines', async () => {
  const text =
    '\ufeffowner, sha256 ,name,organization\r\n\r\na@b.c,ff,"Say ""hi"", all",\r\n "d@e.f" , ee , Ünicode ,Acme\r\n\r\n'
  assert.deepEqual(await read(text), [
    { line: 3, owner: 'a@b.c', sha256: 'ff', name: 'Say "hi", all', organization: '' },
    { line: 4, owner: 'd@e.f', sha256: 'ee', name: 'Ünicode', organization: 'Acme' },
  ])
  const both = await read('name,owner,organization,token,sha256\nn,o,,t,\nn,o,,,h')
  assert.deepEqual(both, [
    { line: 2, name: 'n', owner: 'o', organization: '', token: 't', sha256: '' },
    { line: 3, name: 'n', owner: 'o', organization: '', token: '', sha256: 'h' },
  ])
  // one byte at a time, as a slow stream may bring it, in the middle of a character too
  assert.deepEqual(await read([...Buffer.from(text)].map((byte) => Uint8Array.of(byte))), await read(text))
})

test('CSV: a broken line spoils itself alone', async () => {
  const header = 'name,owner,organization,token'
  const lines = [
    'a,b,c,"open',
    'a,b,c',
    'a,b,c,d,e',
    'a,b,c,d"e"',
    `a,b,c,${'x'.repeat(20_000)}`,
    '"a"b,c,d,e',
    'good,b,c,d',
  ]
  const result = await read([header, ...lines].join('\n'))
  assert.deepEqual(
    result.map((line) => ('reason' in line ? line.reason.slice(0, 18) : line.name)),
    [
      'The quotes are wro',
      'The line has 3 fie',
      'The line has 5 fie',
      'The quotes are wro',
      'The line is longer',
      'The quotes are wro',
      'good',
    ],
  )
  assert.deepEqual(
    result.map(({ line }) => line),
    [2, 3, 4, 5, 6, 7, 8],
  )
  const latin = await read([
    Buffer.from(`${header}\n`),
    Buffer.from([0x4a, 0xf6, 0x72, 0x67]),
    Buffer.from(',b,c,d\nok,b,c,d'),
  ])
  assert.deepEqual(
    latin.map((line) => ('reason' in line ? line.reason : line.name)),
    ['The line is not UTF-8.', 'ok'],
  )
})

test('CSV: a wrong header is one clear mistake that repeats nothing', async () => {
  for (const header of [
    '',
    '\n',
    'name,owner,organization',
    'name,owner,token',
    'name,owner,organization,token,token',
    'name,owner,organization,token,note',
    'Ada,ada@example.com,,s3cret-token',
    'name;owner;organization;token',
    '"name',
  ]) {
    await assert.rejects(read(`${header}\nAda,ada@example.com,,s3cret-token`), (error: Error & { code: string }) => {
      assert.equal(error.code, 'invalid_request')
      assert.match(error.message, /name, owner, organization, and token or sha256/)
      assert.doesNotMatch(error.message, /s3cret|Ada/)
      return true
    })
  }
  assert.deepEqual(await read('name,owner,organization,token'), [])
})
