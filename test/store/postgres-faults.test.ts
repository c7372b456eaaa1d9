// The store on Postgres when the server is slow, silent, restarted, or set up otherwise.
import assert from 'node:assert/strict'
import { connect, createServer, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import { sql } from 'kysely'
import pg from 'pg'
import { isStoreFault } from '../../src/store/fault.ts'
import { openPostgres } from '../../src/store/postgres.ts'
import type { OpenedStore } from './conformance.ts'
import { execute, temporarySchema, urlOf, withPostgres } from './postgres-server.ts'
import { addCredential, addOrganization, addSigningKey, at } from './rows.ts'

const open = async (t: TestContext, url: string): Promise<OpenedStore> => {
  const store = await openPostgres(url)
  t.after(() => store.close())
  return store
}

/** Ends every connection of Latchkey that uses `schema`. */
const endConnections = (schema: string): Promise<unknown> =>
  execute(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'latchkey ${schema}' AND pid <> pg_backend_pid()`,
  )

const named = (schema: string): string => `${urlOf(schema)}&application_name=latchkey%20${schema}`

const window = { counter: 'c', period: 60_000, limit: 100, needed: 1, wanted: 1 }

/** What a server does all the time. */
const everything = (store: OpenedStore): (() => Promise<unknown>)[] => [
  async () => store.lookups.credentialByHash('x'),
  async () => store.lookups.signingKeys(),
  async () => store.counters.take(window, at),
  async () => store.counters.peek(window, at),
  () => store.db.selectFrom('users').select('id').execute(),
  () => store.transaction((trx) => trx.selectFrom('users').select('id').execute()),
  () => store.recordLastUse(new Map([['a', at]])),
  () => store.ping(),
]

/** A port that passes bytes on to the server, until told to pass no more. */
const startProxy = async (t: TestContext) => {
  const { host, port } = new pg.Client({ connectionString: urlOf('public') })
  const sockets = new Set<Socket>()
  const links: { silent: boolean } = { silent: false }
  const server = createServer((near) => {
    const far = connect(port, host)
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.on('data', (bytes) => {
        if (!links.silent) to.write(bytes)
      })
      from.on('close', () => to.destroy())
      from.on('error', () => to.destroy())
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    sockets.forEach((socket) => socket.destroy())
    server.close()
  })
  return { port: (server.address() as { port: number }).port, links }
}

await withPostgres('postgres: faults', () => {
  test('one that cannot be reached is an error at once that says why, without the password', async () => {
    const reached = async (url: string): Promise<string> => {
      const error = await openPostgres(url).then(
        () => assert.fail('opened'),
        (reason: Error) => reason,
      )
      assert.doesNotMatch(error.message, /hunter2/)
      return error.message
    }
    assert.match(
      await reached('postgres://root:hunter2@127.0.0.1:1/test'),
      /The store in DATABASE_URL cannot be opened: connect ECONNREFUSED/,
    )
    assert.match(await reached(urlOf('public').replace(/\/test\?/, '/no_such_database?')), /no_such_database/)
    assert.match(await reached('postgres://root:hunter2@127.0.0.1:notaport/test'), /Invalid URL/)
  })

  test('connections that are lost are replaced, and nothing else is', async (t) => {
    const schema = await temporarySchema(t)
    const store = await open(t, named(schema))
    const { hash } = await addCredential(store, { organization_id: await addOrganization(store) })
    for (let round = 0; round < 3; round++) {
      for (const work of everything(store)) await work()
      await endConnections(schema)
      await new Promise((resolve) => setTimeout(resolve, 50)) // the end has been noticed
      for (const work of everything(store)) await work()
      assert.ok(await store.lookups.credentialByHash(hash))
    }
  })

  test('what is under way when connections are lost fails as a fault of the store, the process goes on', async (t) => {
    const schema = await temporarySchema(t)
    const store = await open(t, named(schema))
    for (const work of everything(store)) await work()
    const fault = (error: unknown): boolean => isStoreFault(error)
    const slow = store.transaction((trx) => sql`SELECT pg_sleep(3)`.execute(trx))
    const idle = store.transaction(async (trx) => {
      await trx.insertInto('settings').values({ name: 'lost', value: '1' }).execute()
      await new Promise((resolve) => setTimeout(resolve, 400))
      await trx.selectFrom('settings').select('name').execute()
    })
    const outcomes = Promise.all([assert.rejects(slow, fault), assert.rejects(idle, fault)])
    await new Promise((resolve) => setTimeout(resolve, 200))
    await endConnections(schema)
    await outcomes
    assert.deepEqual(await store.db.selectFrom('settings').selectAll().execute(), [])
    for (const work of everything(store)) await work()
  })

  test('a server that says nothing any more is a fault within seconds, and forgotten once it is back', async (t) => {
    const schema = await temporarySchema(t)
    const proxy = await startProxy(t)
    const url = new URL(named(schema))
    url.host = `127.0.0.1:${proxy.port}`
    const store = await open(t, url.href)
    for (const work of everything(store)) await work()
    proxy.links.silent = true
    const started = performance.now()
    for (let round = 0; round < 2; round++) {
      await Promise.all(everything(store).map((work) => assert.rejects(work(), (error) => isStoreFault(error))))
    }
    const seconds = (performance.now() - started) / 1_000
    assert.ok(seconds < 16, `${seconds} s`) // 6 s for what was sent, 3 s for what then had to connect
    proxy.links.silent = false
    // what was sent meanwhile is never answered: no connection that it went through is used again
    const back = performance.now()
    for (const work of everything(store)) await work()
    assert.ok(performance.now() - back < 3_000)
  })

  test('a slow statement is ended by the server, and does not hold up the next user of its connection', async (t) => {
    const store = await open(t, `${urlOf(await temporarySchema(t))}&statement_timeout=1000`)
    await assert.rejects(
      store.transaction((trx) => sql`SELECT pg_sleep(10)`.execute(trx)),
      (error) => isStoreFault(error) && /statement timeout/.test((error as Error).message),
    )
    for (const work of everything(store)) await work()
  })

  test('a newer version may add columns while this one serves', async (t) => {
    const schema = await temporarySchema(t)
    const store = await open(t, urlOf(schema))
    const { hash } = await addCredential(store, { organization_id: await addOrganization(store) })
    await addSigningKey(store)
    const before = [
      await store.lookups.credentialByHash(hash),
      await store.lookups.signingKeys(),
      (await store.counters.take(window, at)).taken,
    ]
    for (const table of ['credentials', 'signing_keys', 'counters', 'organizations'])
      await execute(`ALTER TABLE ${schema}.${table} ADD COLUMN added TEXT NOT NULL DEFAULT 'x'`)
    assert.deepEqual(
      [
        await store.lookups.credentialByHash(hash),
        await store.lookups.signingKeys(),
        (await store.counters.take({ ...window, needed: 1 }, at)).taken - 1,
      ],
      before,
    )
  })

  test('an acknowledged transaction is on disk and isolation is what it must be, whatever the defaults of the server', async (t) => {
    const store = await open(
      t,
      urlOf(await temporarySchema(t), ' -c synchronous_commit=off -c default_transaction_isolation=serializable'),
    )
    const shown = (executor: Parameters<ReturnType<typeof sql>['execute']>[0], name: string): Promise<unknown> =>
      sql<Record<string, string>>`SHOW ${sql.raw(name)}`
        .execute(executor)
        .then(({ rows }) => Object.values(rows[0] ?? {})[0])
    assert.equal(await store.transaction((trx) => shown(trx, 'synchronous_commit')), 'on')
    assert.equal(await store.transaction((trx) => shown(trx, 'transaction_isolation')), 'serializable')
    assert.equal(await shown(store.activity, 'transaction_isolation'), 'read committed')
    await store.counters.take(window, at) // does not wait for the disk, and leaves no trace of that
    await store.counters.take({ ...window, counter: 'm', period: 'month' }, at)
  })

  test('numbers are numbers here and unchanged elsewhere', async (t) => {
    const store = await open(t, urlOf(await temporarySchema(t)))
    const { rows } = await sql<{ n: unknown }>`SELECT 9007199254740991::int8 AS n`.execute(store.db)
    assert.equal(rows[0]?.n, Number.MAX_SAFE_INTEGER)
    assert.equal((await execute('SELECT 5::int8 AS n'))[0]?.n, '5')
  })

  test('100 transactions at once use ten connections at most', async (t) => {
    const schema = await temporarySchema(t)
    const store = await open(t, named(schema))
    let most = 0
    const watching = setInterval(() => {
      void execute(
        `SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'latchkey ${schema}'`,
      ).then(([row]) => (most = Math.max(most, row?.n as number)))
    }, 20)
    await Promise.all(
      Array.from({ length: 100 }, () => store.transaction((trx) => sql`SELECT pg_sleep(0.02)`.execute(trx))),
    )
    for (const work of everything(store)) await work()
    await new Promise((resolve) => setTimeout(resolve, 60))
    clearInterval(watching)
    assert.ok(most > 1 && most <= 10, `${most} connections`)
  })
})
