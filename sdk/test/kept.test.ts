// What is kept is bounded, found by every id that it stands on, and not kept at all where its ground moved while it was on its way.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Cache, type Clock } from '../src/cached/cached.ts'
import { EventParser } from '../src/cached/event-stream.ts'
import { type Kept, KeptAnswers } from '../src/cached/kept.ts'
import type { Principal, Verdict } from '../src/index.ts'
import type { Question } from '../src/question.ts'
import { denied } from '../src/verdict.ts'

const principal = (id: string, more: Partial<Principal> = {}): Principal => ({
  kind: 'api_key',
  id,
  subject: id,
  organizationId: 'acme',
  environment: 'live',
  scopes: ['read'],
  ...more,
})

const valid = (who: Principal): Verdict & { outcome: 'valid' } => ({
  outcome: 'valid',
  code: 'valid',
  principal: who,
  limits: [],
  source: 'kept',
})

const kept = (who: Principal): Kept => ({
  verdict: valid(who),
  purse: undefined,
  at: 0,
  wallAt: 0,
  forMs: 1_000,
  used: false,
})

const isGood = (answers: KeptAnswers, key: string): boolean => Number.isFinite(answers.get(key)?.at)

test('entries and bytes are bounded; what is in use stays longest', () => {
  const answers = new KeptAnswers({ entries: 100, bytes: 1_000_000 })
  for (let i = 0; i < 100; i++) answers.set(`k${i}`, kept(principal(`${i}`)))
  const used = answers.get('k0')
  assert.ok(used)
  used.used = true
  for (let i = 100; i < 150; i++) answers.set(`k${i}`, kept(principal(`${i}`)))
  assert.equal(answers.size, 100)
  assert.ok(answers.get('k0'))
  assert.equal(answers.get('k1'), undefined)
  const small = new KeptAnswers({ entries: 100, bytes: 20_000 })
  for (let i = 0; i < 100; i++) small.set(`k${i}`, kept(principal(`${i}`, { name: 'n'.repeat(200) })))
  assert.ok(small.size < 20 && small.bytes <= 20_000)
  small.set('huge', kept(principal('huge', { scopes: ['s'.repeat(100_000)] })))
  assert.equal(small.get('huge'), undefined)
  for (let i = 0; i < 100; i++) small.delete(`k${i}`)
  assert.deepEqual([small.size, small.bytes], [0, 0])
})

test('a change drops the answers that stand on it, and no others', () => {
  const answers = new KeptAnswers({ entries: 100, bytes: 1_000_000 })
  const many = Array.from({ length: 200 }, (_, index) => `o${index}`)
  const people = {
    key: principal('key-1'),
    made: principal('token-1', { kind: 'jwt', subject: 'key-1', derivedFrom: { id: 'key-1' } }),
    person: principal('pat-1', { subject: 'user-1', organizationIds: ['acme', 'other'] }),
    everywhere: principal('pat-2', { subject: 'user-2', organizationIds: many }),
    allowed: principal('token-2', { kind: 'oauth_token', subject: 'user-1', clientId: 'app-1' }),
    allowedOther: principal('token-3', { kind: 'oauth_token', subject: 'user-1', clientId: 'app-2' }),
    foreign: principal('key-9', { organizationId: 'elsewhere' }),
  }
  const gone = (change: Parameters<KeptAnswers['drop']>[0]): string[] => {
    for (const [name, who] of Object.entries(people)) answers.set(name, kept(who))
    answers.drop(change)
    return Object.keys(people).filter((name) => !isGood(answers, name))
  }
  assert.deepEqual(gone({ kind: 'api_key', id: 'key-1' }), ['key', 'made'])
  assert.deepEqual(gone({ kind: 'user', id: 'user-1' }), ['person', 'allowed', 'allowedOther'])
  assert.deepEqual(gone({ kind: 'client', id: 'app-1' }), ['allowed'])
  assert.deepEqual(gone({ kind: 'access_token', id: 'token-3' }), ['allowedOther'])
  assert.deepEqual(gone({ kind: 'grant', id: 'grant-1', clientId: 'app-2', userId: 'user-1' }), ['allowedOther'])
  assert.deepEqual(gone({ kind: 'organization', id: 'other' }), ['person', 'everywhere'])
  assert.deepEqual(gone({ kind: 'organization', id: 'elsewhere' }), ['everywhere', 'foreign'])
  assert.deepEqual(gone({ kind: 'user', id: 'nobody' }), [])
})

const time = () => {
  const at = { ms: 0, wall: 1_800_000_000_000 }
  const clock: Clock = { monotonic: () => at.ms, wall: () => at.wall }
  return { at, clock }
}

test('an answer that was on its way when its ground moved is given, and not kept', async () => {
  const { clock } = time()
  let meanwhile = (): void => {}
  const asker = {
    async ask(_question: Question): Promise<Verdict> {
      const answer = valid(principal('key-1'))
      meanwhile()
      return answer
    },
  }
  const cache = new Cache(asker, { maxAgeSeconds: 60 }, clock)
  cache.hears(true)
  for (const move of [
    () => cache.changed({ kind: 'api_key', id: 'key-1' }),
    () => cache.changed({ kind: 'organization', id: 'acme' }),
    () => cache.reset(),
    () => {
      cache.changed({ kind: 'api_key', id: 'key-1' })
      for (let i = 0; i < 10_000; i++) cache.changed({ kind: 'api_key', id: `other-${i}` })
    },
  ]) {
    meanwhile = move
    assert.equal((await cache.ask('c')).outcome, 'valid')
    assert.equal(cache.now('c'), undefined)
  }
  meanwhile = () => cache.changed({ kind: 'api_key', id: 'another' })
  await cache.ask('c')
  assert.ok(cache.now('c'))
})

test('no answer is older than it may be, by either clock', async () => {
  const { at, clock } = time()
  const asker = { ask: async () => valid(principal('key-1')) }
  const cache = new Cache(asker, { maxAgeSeconds: 5, maxAgeWithoutStreamSeconds: 2 }, clock)
  const fresh = async (heard: boolean): Promise<void> => {
    cache.clear()
    cache.hears(heard)
    await cache.ask('c')
    assert.ok(cache.now('c'))
  }
  await fresh(true)
  at.ms += 4_999
  assert.ok(cache.now('c'))
  at.ms += 1
  assert.equal(cache.now('c'), undefined)
  await fresh(true)
  at.wall += 5_000 // the machine slept: the other clock stood still
  assert.equal(cache.now('c'), undefined)
  await fresh(true)
  at.ms += 2_000
  assert.ok(cache.now('c'))
  cache.hears(false)
  assert.equal(cache.now('c'), undefined)
  // a credential that ends is kept no longer than it lives, by the server's clock
  const ending = {
    ask: async (): Promise<Verdict> => ({
      ...valid(principal('key-1', { expiresAt: '2030-01-01T00:00:02Z' })),
      requestId: `${Date.parse('2030-01-01T00:00:00Z')
        .toString(16)
        .padStart(12, '0')
        .replace(/^(.{8})/, '$1-')}-7000-8000-000000000000`,
    }),
  }
  const brief = new Cache(ending, { maxAgeSeconds: 60 }, clock)
  brief.hears(true)
  await brief.ask('c')
  at.ms += 1_999
  assert.ok(brief.now('c'))
  at.ms += 1
  assert.equal(brief.now('c'), undefined)
})

test('made-up credentials do not drive out good ones', async () => {
  const { clock } = time()
  let asked = 0
  const asker = {
    async ask({ credential }: Question): Promise<Verdict> {
      asked += 1
      return credential.startsWith('good') ? valid(principal(credential)) : denied('invalid_api_key')
    },
  }
  const cache = new Cache(asker, { maxAgeSeconds: 60, maxEntries: 160 }, clock)
  cache.hears(true)
  for (let i = 0; i < 100; i++) await cache.ask(`good-${i}`)
  for (let i = 0; i < 10_000; i++) await cache.ask(`made-up-${i}`)
  for (let i = 0; i < 100; i++) assert.ok(cache.now(`good-${i}`))
  asked = 0
  for (let i = 0; i < 100; i++) await cache.ask('made-up')
  assert.equal(asked, 100, 'ask asks')
  assert.equal(cache.now('made-up')?.code, 'invalid_api_key', 'and now remembers')
})

test('events are read however their bytes come', () => {
  const text =
    ': hello\nretry: 1000\nevent: ready\nid: 1\ndata: {"resumed":false}\n\nid: 2\n\nevent: changed\r\ndata: a\r\ndata: b\r\n\r\nid\ndata\n\ndata:x\r\r'
  for (let size = 1; size < 20; size++) {
    const told: string[] = []
    const parser = new EventParser(
      ({ event, data }) => told.push(`${event}=${data}`),
      (id) => told.push(`#${id}`),
    )
    for (let at = 0; at < text.length; at += size) parser.take(text.slice(at, at + size))
    parser.take('\n')
    assert.deepEqual(told, ['#1', 'ready={"resumed":false}', '#2', 'changed=a\nb', '#', 'message=', 'message=x'])
  }
  assert.throws(
    () =>
      new EventParser(
        () => {},
        () => {},
      ).take('x'.repeat(100_000)),
    RangeError,
  )
})
