// POST /api/v1/verify with items: for log processors and queue workers, a thousand at once, each for itself.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import type { LatchkeyConfig } from '../../src/config/config.ts'
import { type Item, judgeItems } from '../../src/verify/items.ts'
import { launch, world } from '../harness.ts'
import { temporarySchema, urlOf, withPostgres } from '../store/postgres-server.ts'

const file: LatchkeyConfig = {
  apis: {
    books: { limits: [{ name: 'window', per: 'credential', limit: 7, period: 60 }] },
    maps: { limits: [] },
    coins: { limits: [{ name: 'window', per: 'credential', limit: 100, period: 60 }] },
  },
}

interface Result {
  valid: boolean
  code: string
  principal?: { id: string }
  limits?: { remaining: number | null }[]
}

const story = async (t: Parameters<typeof launch>[0], env: NodeJS.ProcessEnv): Promise<void> => {
  const launched = await launch(t, { file, env })
  const acme = await world(launched)
  const { key: as } = await acme.key({ scopes: 'verify' })
  const keys = await Promise.all(Array.from({ length: 20 }, () => acme.key()))
  const { client_id, client_secret } = await acme.client()
  const token = async (api: string): Promise<string> => {
    const resource = launched.config.apis.get(api)?.audience ?? ''
    const form = { grant_type: 'client_credentials', client_id, client_secret, resource }
    return (await launched.ask('POST', '/oauth/token', { form })).json<{ access_token: string }>().access_token
  }
  const tokens = { books: await token('books'), maps: await token('maps'), coins: await token('coins') }
  const apis = ['books', 'maps', 'coins'] as const
  const items: Item[] = Array.from({ length: 1000 }, (_, index) => {
    const api = apis[index % 3] as (typeof apis)[number]
    if (index % 10 === 9) return { credential: `nobody-${index}`, api }
    if (index % 10 === 8) return { credential: tokens[api], api }
    return { credential: (keys[index % keys.length] as { key: string }).key, api }
  })
  const { results } = (await launched.ask('POST', '/api/v1/verify', { as, body: { items } })).json<{
    results: Result[]
  }>()
  assert.equal(results.length, 1000)
  const left = new Map<string, number>()
  for (const [index, { credential, api }] of items.entries()) {
    const { code, principal, limits } = results[index] as Result
    if (index % 10 === 9) {
      assert.equal(code, 'invalid_api_key')
      continue
    }
    if (index % 10 !== 8) assert.equal(principal?.id, keys[index % keys.length]?.id, 'in their order')
    if (api === 'maps') {
      assert.equal(code, 'valid')
      continue
    }
    // those of one credential pay in their order, each for itself
    const counter = `${api} ${credential}`
    const before = left.get(counter) ?? (api === 'books' ? 7 : 100)
    assert.equal(code, before > 0 ? 'valid' : 'rate_limit_exceeded')
    left.set(counter, Math.max(0, before - 1))
    assert.equal(limits?.[0]?.remaining, left.get(counter))
  }
}

test('a thousand items for three APIs are answered in their order, and pay in it: SQLite', (t) => story(t, {}))

await withPostgres('a thousand items are answered in their order: Postgres', () => {
  test('a thousand items for three APIs are answered in their order, and pay in it: Postgres', async (t) => {
    let drop: () => unknown = () => {}
    const schema = await temporarySchema({
      after(clean: () => unknown) {
        drop = clean
      },
    })
    try {
      await story(t, { DATABASE_URL: urlOf(schema) })
    } finally {
      t.after(drop) // after the process, which writes at its end
    }
  })
})

test('one item that cannot be judged leaves the others their answers', async (t) => {
  const { config } = await launch(t, { file })
  const api = config.apis.get('maps')
  assert.ok(api)
  const failing = {
    judge(_api: unknown, { credential }: { credential: string }) {
      if (credential === 'now') throw Object.assign(new Error('busy'), { code: 'ERR_SQLITE_ERROR', errcode: 5 })
      if (credential === 'later') return Promise.reject(Object.assign(new Error('lost'), { code: 'ECONNRESET' }))
      if (credential === 'defect') throw new TypeError('a defect')
      return { valid: false, code: 'invalid_api_key', reason: { check: 'format', detail: '' }, limits: [] }
    },
  }
  const items = ['a', 'now', 'later', 'defect', 'b'].map((credential) => ({ credential }))
  const texts = await judgeItems(
    { config, verifier: failing as never },
    items.map(() => api),
    items,
    'r',
    pino({ level: 'silent' }),
  )
  assert.deepEqual(
    texts.map((text) => (JSON.parse(text) as Result).code),
    ['invalid_api_key', 'temporarily_unavailable', 'temporarily_unavailable', 'internal_error', 'invalid_api_key'],
  )
})
