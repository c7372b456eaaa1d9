// draft-ietf-oauth-status-list-21 §4, §6, Appendix C.1: the draft's own bits; each token has a place that says nothing of its neighbours.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inflateSync } from 'node:zlib'
import { randomUUIDv7 } from 'node:crypto'
import { compressStatuses, statusListSize } from '../../src/tokens/status-list.ts'
import { StatusIndexes } from '../../src/tokens/status-indexes.ts'
import { openTokens } from './fixture.ts'

test('§4.1, §4.2 sixteen statuses, the first in the lowest bit', () => {
  const statuses = [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]
  const compressed = compressStatuses(
    16,
    statuses.flatMap((status, index) => (status === 1 ? [index] : [])),
  )
  assert.deepEqual([...inflateSync(compressed)], [0xb9, 0xa3])
  assert.equal(compressed.toString('hex'), '78dadbb918000217015d')
  assert.equal(compressed.toString('base64url'), 'eNrbuRgAAhcBXQ')
})

test('Appendix C.1 a list of 2^20 statuses', () => {
  const lst =
    'eNrt3AENwCAMAEGogklACtKQPg9LugC9k_ACvreiogEAAKkeCQAAAAAAAAAAAAAAAAAAAIBylgQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAXG9IAAAAAAAAAPwsJAAAAAAAAAAAAAAAvhsSAAAAAAAAAAAA7KpLAAAAAAAAAAAAAAAAAAAAAJsLCQAAAAAAAAAAADjelAAAAAAAAAAAKjDMAQAAAACAZC8L2AEb'
  const invalid = [0, 1993, 25460, 159495, 495669, 554353, 645645, 723232, 854545, 934534, 1000345]
  assert.deepEqual(inflateSync(compressStatuses(2 ** 20, invalid)), inflateSync(Buffer.from(lst, 'base64url')))
})

test('a list whose every status is random stays small', () => {
  const invalid = Array.from({ length: statusListSize }, (_, index) => index).filter(() => Math.random() < 0.5)
  assert.ok(compressStatuses(statusListSize, invalid).length < 9000)
  assert.ok(compressStatuses(statusListSize, []).length < 100)
})

test('§12.5.2 places in a list are distinct and in no order, and a full list is followed by another', async () => {
  const { store, config, clock, close } = await openTokens()
  const statuses = new StatusIndexes(store, config.issuer, () => clock.now)
  const entry = () => ({
    tokenId: randomUUIDv7(),
    origin: { kind: 'client' as const, id: 'a' },
    organizationId: undefined,
    expiresAt: clock.now / 1000 + 60,
  })
  const places = await Promise.all(Array.from({ length: statusListSize + 1 }, () => statuses.allot(entry())))
  const first = places.slice(0, -1)
  assert.equal(new Set(first.map(({ uri }) => uri)).size, 1)
  assert.equal(new Set(first.map(({ index }) => index)).size, statusListSize)
  assert.ok(first.every(({ index }) => index >= 0 && index < statusListSize))
  const inOrder = first.filter(({ index }, at) => at > 0 && index === (first[at - 1]?.index ?? 0) + 1).length
  assert.ok(inOrder < 20, `${inOrder} follow on their predecessor`)
  assert.notEqual(places.at(-1)?.uri, first[0]?.uri)
  const { count } = await store.activity
    .selectFrom('status_entries')
    .select((select) => select.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  assert.equal(count, statusListSize + 1, 'every place is on disk before it is given')

  clock.now += 86_400_000
  assert.notEqual((await statuses.allot(entry())).uri, places.at(-1)?.uri, 'an old list is left, so that it can go')
  await close()
})

test('what cannot be written is not given, and what comes after is', async () => {
  const { store, config, clock, close } = await openTokens()
  const statuses = new StatusIndexes(store, config.issuer, () => clock.now)
  const entry = (tokenId: string) => ({
    tokenId,
    origin: { kind: 'client' as const, id: 'a' },
    organizationId: undefined,
    expiresAt: clock.now / 1000 + 60,
  })
  await statuses.allot(entry('same'))
  await assert.rejects(statuses.allot(entry('same')), /UNIQUE/)
  assert.ok(await statuses.allot(entry('other')))
  await close()
})
