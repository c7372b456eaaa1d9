// GET /api/v1/revocations: whose standing changes, in whatever process, is told to everybody who keeps answers.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { type TestContext, test } from 'node:test'
import { pino } from 'pino'
import { StandingStreams } from '../../src/verify/standing-stream.ts'
import { type Launched, launch, world } from '../harness.ts'
import { temporarySchema, urlOf, withPostgres } from '../store/postgres-server.ts'

const file = { apis: { books: { limits: [] } } }

interface Told {
  event: string
  id: string
  data: Record<string, unknown>
}

/** An open stream, and what it has told. */
const listen = async (
  t: TestContext,
  { app }: Launched,
  key: string,
  lastEventId?: string,
): Promise<{ told: Told[]; ended: Promise<void>; next: (event: string) => Promise<Told>; lastId: () => string }> => {
  if (!app.server.server.listening) await app.server.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.server.address() as AddressInfo
  const leave = new AbortController()
  t.after(() => leave.abort())
  const answer = await fetch(`http://127.0.0.1:${port}/api/v1/revocations`, {
    headers: {
      authorization: `Bearer ${key}`,
      ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
    },
    signal: leave.signal,
  })
  assert.equal(answer.status, 200)
  assert.equal(answer.headers.get('content-type'), 'text/event-stream')
  const told: Told[] = []
  const waiting: (() => void)[] = []
  let lastId = ''
  const read = async (): Promise<void> => {
    let text = ''
    for await (const part of (answer.body as ReadableStream<never>).pipeThrough(new TextDecoderStream())) {
      text += part
      const blocks = text.split('\n\n')
      text = blocks.pop() ?? ''
      for (const block of blocks) {
        const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s, 2) as [string, string]))
        lastId = fields.id ?? lastId
        if (fields.event) told.push({ event: fields.event, id: lastId, data: JSON.parse(fields.data ?? '') as never })
      }
      for (const wake of waiting.splice(0)) wake()
    }
  }
  const ended = read().catch(() => {})
  return {
    told,
    ended,
    lastId: () => lastId,
    async next(event) {
      for (;;) {
        const found = told.findIndex((one) => one.event === event)
        if (found !== -1) return told.splice(0, found + 1).at(-1) as Told
        await new Promise<void>((resolve) => waiting.push(resolve))
      }
    },
  }
}

const story = async (t: TestContext, env: NodeJS.ProcessEnv): Promise<void> => {
  const here = await launch(t, { file, env })
  const there = await launch(t, { file, env, folder: here.folder })
  const acme = await world(here)
  const { key, id: own } = await acme.key({ scopes: 'verify' })
  const stream = await listen(t, there, key)
  assert.deepEqual((await stream.next('ready')).data, { resumed: false })
  const first = await acme.key()
  await here.operate('DELETE', `/api-keys/${first.id}`)
  // what happened just before the stream began may be told too: nobody is the worse for it
  let changed = await stream.next('changed')
  while (changed.data.id !== first.id) changed = await stream.next('changed')
  assert.deepEqual(changed.data, { kind: 'api_key', id: first.id })

  await here.operate('PATCH', `/organizations/${acme.organization}`, { tier: 'pro' })
  assert.deepEqual((await stream.next('changed')).data, { kind: 'organization', id: acme.organization })

  // whoever was cut off hears what was missed, and who comes from too long ago is told so
  const second = await acme.key()
  await here.operate('DELETE', `/api-keys/${second.id}`)
  const again = await listen(t, there, key, changed.id)
  assert.deepEqual((await again.next('ready')).data, { resumed: true })
  const missed: unknown[] = []
  while (missed.at(-1) !== second.id) missed.push((await again.next('changed')).data.id)
  assert.ok(missed.includes(acme.organization))
  for (const lost of ['', 'nonsense', '01890000-0000-7000-8000-000000000000'])
    assert.deepEqual((await (await listen(t, there, key, lost)).next('ready')).data, { resumed: false })

  // a silent stream says that it is there, and until when it has told everything
  const before = stream.lastId()
  while (stream.lastId() === before) await wait(50)
  assert.ok(stream.lastId() > before)

  await here.operate('DELETE', `/api-keys/${own}`)
  await stream.ended
  await again.ended
}

test('a change is told by every process on the store, by its id alone; what was missed is told again: SQLite', (t) =>
  story(t, {}))

await withPostgres('a change is told by every process on the store: Postgres', () => {
  test('a change is told by every process on the store, by its id alone; what was missed is told again: Postgres', async (t) => {
    let drop: () => unknown = () => {}
    const schema = await temporarySchema({ after: (clean: typeof drop) => (drop = clean) })
    try {
      await story(t, { DATABASE_URL: urlOf(schema), LATCHKEY_SECRET: 'one secret for both of the processes' })
    } finally {
      t.after(drop) // after the processes, which write at their end
    }
  })
})

test('an entry that is committed after others with later ids is told, and each once', async (t) => {
  const launched = await launch(t, { file })
  const { app } = launched
  const acme = await world(launched)
  const stream = await listen(t, launched, (await acme.key({ scopes: 'verify' })).key)
  const write = (millisecondsAgo: number, target: string) => {
    const hex = (Date.now() - millisecondsAgo).toString(16).padStart(12, '0')
    const id = `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-${target.padStart(12, '0')}`
    const entry = { actor_kind: 'local', actor_id: 'local', action: 'api_key.revoked', target_kind: 'api_key' }
    return app.store.transaction((trx) =>
      trx
        .insertInto('audit')
        .values({ ...entry, id, at: Date.now(), target_id: target })
        .execute(),
    )
  }
  await stream.next('ready')
  await write(0, '1')
  while ((await stream.next('changed')).data.id !== '1');
  await write(1_000, '2')
  assert.equal((await stream.next('changed')).data.id, '2')
  await write(0, '3')
  assert.equal((await stream.next('changed')).data.id, '3')
})

test('only who may ask verify hears it, and only as long as its credential is good', async (t) => {
  const launched = await launch(t, { file })
  const acme = await world(launched)
  for (const as of [undefined, 'nonsense', (await acme.key()).key]) {
    const { statusCode } = await launched.ask('GET', '/api/v1/revocations', { ...(as !== undefined && { as }) })
    assert.equal(statusCode, as === undefined || as === 'nonsense' ? 401 : 403)
  }
  // somebody whose rights end with the process that asks has nothing that could be judged again
  await assert.rejects(launched.operate('GET', '/revocations'), /403/)
  const { key, id } = await acme.key({ scopes: 'verify' })
  const stream = await listen(t, launched, key)
  await launched.operate('PATCH', `/api-keys/${id}`, { scopes: 'read' })
  await stream.ended
  // what is asked in the query is not read as a credential
  assert.equal((await launched.ask('GET', `/api/v1/revocations?access_token=${key}`)).statusCode, 401)
})

test('a stop ends all streams, and does not wait for them', async (t) => {
  const launched = await launch(t, { file })
  const acme = await world(launched)
  const { key } = await acme.key({ scopes: 'verify' })
  const streams = await Promise.all([listen(t, launched, key), listen(t, launched, key)])
  await launched.app.close()
  await Promise.all(streams.map(({ ended }) => ended))
})

test('streams are few, and a reader who is too slow is cut off', async (t) => {
  const { app, operate } = await launch(t, { file })
  const streams = new StandingStreams(app.store, pino({ level: 'silent' }), { streams: 2, behind: 2_000 })
  t.after(() => streams.close())
  const [slow, quick] = [streams.open(undefined).stream, streams.open(undefined).stream]
  assert.ok(streams.full)
  let heard = ''
  quick.setEncoding('utf8').on('data', (text: string) => (heard += text))
  const closed = once(slow, 'close')
  for (let i = 0; i < 30; i++) await operate('POST', '/users', { email: `u${i}@example.com`, name: 'U' })
  const { data } = await operate<{ data: { id: string }[] }>('GET', '/users?limit=100')
  for (const { id } of data) await operate('PATCH', `/users/${id}`, { suspended: true })
  await closed
  assert.ok(!streams.full)
  while (heard.match(/event: changed/g)?.length !== 30) await wait(20)
  assert.match(heard, /^retry: 1000\nevent: ready\nid: [0-9a-f-]{36}\ndata: \{"resumed":false\}\n\n/)
})
