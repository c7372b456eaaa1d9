// Limits in cached mode: what is given out was paid for at the server before, whoever else spends of the same limit.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Cache, type Clock } from '../src/cached/cached.ts'
import type { Question } from '../src/question.ts'
import { type Limit, type Verdict, createVerifier } from '../src/index.ts'
import { denied, unavailable } from '../src/verdict.ts'
import { listening, until } from './latchkey.ts'

const principal = {
  kind: 'api_key',
  id: 'key',
  subject: 'key',
  organizationId: 'acme',
  environment: 'live',
  scopes: ['read'],
} as const

/** A request's id as of that time, Unix milliseconds. */
const idAt = (time: number): string => {
  const hex = Math.floor(time).toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`
}

/** A server with one limit, whose clock is an hour ahead of ours, and that counts what it gives out. */
const counting = ({ limit, periodMs }: { limit: number; periodMs: number }) => {
  const time = { ms: 1_000, wall: 1_800_000_000_000 }
  const clock: Clock = { monotonic: () => time.ms, wall: () => time.wall }
  const serverNow = (): number => time.wall + 3_600_000
  let periodEnd = 0
  let spent = 0
  const asks: number[] = []
  const state = (): Limit[] => [{ name: 'window', limit, remaining: limit - spent, reset: Math.ceil(periodEnd / 1000) }]
  return {
    clock,
    asks,
    spent: () => spent,
    advance: (ms: number): void => {
      time.ms += ms
      time.wall += ms
    },
    spend: (units: number): void => {
      spent += units
    },
    server: {
      async ask({ cost }: Question): Promise<Verdict> {
        const now = serverNow()
        if (now >= periodEnd) {
          periodEnd = now + periodMs
          spent = 0
        }
        asks.push(cost)
        const requestId = idAt(now)
        if (spent + cost > limit) return denied('rate_limit_exceeded', { principal, limits: state(), requestId })
        spent += cost
        return { outcome: 'valid', code: 'valid', principal, limits: state(), source: 'server', requestId }
      },
    },
  }
}

const heard = (asker: ConstructorParameters<typeof Cache>[0], clock: Clock, maxAgeSeconds = 60): Cache => {
  const cache = new Cache(asker, { maxAgeSeconds }, clock)
  cache.hears(true)
  return cache
}

const verify = async (cache: Cache, cost = 1): Promise<Verdict> =>
  cache.now('c', { cost }) ?? (await cache.ask('c', { cost }))

test('all of a limit is given out, one by one or ahead, and never one more', async () => {
  const { server, clock, spent, advance, asks } = counting({ limit: 1000, periodMs: 60_000 })
  const cache = heard(server, clock)
  let given = 0
  for (let i = 0; i < 1_500; i++) {
    const verdict = await verify(cache)
    if (verdict.outcome === 'valid') {
      given += 1
      assert.equal(verdict.limits[0]?.remaining, 1000 - given, 'what is left is told to the unit')
    } else assert.equal(verdict.code, 'rate_limit_exceeded')
    advance(5)
  }
  assert.equal(given, 1000)
  assert.equal(spent(), 1000)
  assert.ok(asks.length < 300, `${asks.length} questions for 1500 requests`)
  assert.ok(Math.max(...asks) <= 100, 'a tenth of what is left at most')
})

test('a caller who comes seldom is paid for one request at a time', async () => {
  const { server, clock, advance, asks } = counting({ limit: 100, periodMs: 60_000 })
  const cache = heard(server, clock)
  for (let i = 0; i < 30; i++) {
    assert.equal((await verify(cache)).outcome, 'valid')
    advance(2_000)
  }
  assert.ok(
    asks.every((cost) => cost <= 2),
    asks.join(),
  )
})

test('what was paid for is worth nothing in the next period, whatever our clock says', async () => {
  const { server, clock, spent, advance } = counting({ limit: 100, periodMs: 10_000 })
  const cache = heard(server, clock)
  for (let period = 0; period < 20; period++) {
    let given = 0
    for (let i = 0; i < 30; i++) {
      if ((await verify(cache)).outcome === 'valid') given += 1
      advance(100)
    }
    assert.ok(given <= spent(), `${given} given out, ${spent()} spent in this period`)
    advance(7_000 + period * 50)
  }
})

test('a request that costs more than is left is refused whole, and a smaller one is not', async () => {
  const { server, clock, spent, spend } = counting({ limit: 100, periodMs: 60_000 })
  const cache = heard(server, clock)
  assert.equal((await verify(cache, 40)).outcome, 'valid')
  const over = await verify(cache, 61)
  assert.ok(over.outcome === 'denied' && over.code === 'rate_limit_exceeded')
  assert.equal((await verify(cache, 61)).code, 'rate_limit_exceeded', 'believed for a moment')
  assert.equal((await verify(cache, 50)).outcome, 'valid')
  spend(100 - spent()) // somebody else
  assert.equal((await verify(cache, 50)).code, 'rate_limit_exceeded')
  assert.equal(spent(), 100)
})

test('a flood of refused requests asks ten times a second', async () => {
  const { server, clock, advance, asks } = counting({ limit: 10, periodMs: 60_000 })
  const cache = heard(server, clock)
  for (let i = 0; i < 10_000; i++) {
    await verify(cache)
    advance(1)
  }
  assert.ok(asks.length < 150, `${asks.length} questions in ten seconds`)
})

test('many at once wait for a few questions, and each is paid for', async () => {
  const { server, clock, spent, asks } = counting({ limit: 1000, periodMs: 60_000 })
  const slow = {
    async ask(question: Question) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      return server.ask(question)
    },
  }
  const cache = heard(slow, clock)
  const verdicts = await Promise.all(Array.from({ length: 500 }, () => cache.ask('c')))
  assert.equal(verdicts.filter(({ outcome }) => outcome === 'valid').length, 500)
  assert.ok(spent() >= 500 && spent() <= 1000)
  assert.ok(asks.length < 20, `${asks.length} questions`)
})

test('an answer that is kept no longer leaves what was paid for, and one that ends takes it along', async () => {
  const { server, clock, spent, advance } = counting({ limit: 1000, periodMs: 60_000 })
  let good = true
  const asker = {
    ask: async (question: Question) => (good ? server.ask(question) : denied('invalid_api_key')),
  }
  const cache = heard(asker, clock, 5)
  for (let i = 0; i < 60; i++) {
    await verify(cache)
    advance(20)
  }
  const before = spent()
  cache.changed({ kind: 'api_key', id: 'key' })
  assert.equal(cache.now('c'), undefined)
  const again = await cache.ask('c')
  assert.ok(again.outcome === 'valid')
  assert.ok(spent() - before < 100, 'what was paid for before is used first')
  good = false
  advance(5_001)
  assert.equal((await verify(cache)).outcome, 'denied')
})

test('nothing is given out that the server did not answer', async () => {
  const { server, clock, advance } = counting({ limit: 100, periodMs: 60_000 })
  let down = false
  const cache = heard({ ask: async (question) => (down ? unavailable('It is down.') : server.ask(question)) }, clock, 5)
  await verify(cache)
  down = true
  advance(5_000)
  assert.equal((await verify(cache)).outcome, 'unavailable')
})

const child = fileURLToPath(new URL('spending-process.ts', import.meta.url))

test('two processes in cached mode give out what the limit is, and never more', async (t) => {
  const limit = 400
  const latchkey = await listening(t, {
    file: { apis: { books: { limits: [{ name: 'window', per: 'credential', limit, period: 3600 }] } } },
  })
  const { url, verifyKey, acme } = latchkey
  const { key } = await acme.key()
  const run = async (): Promise<number> => {
    const { stdout } = spawn(process.execPath, [child], {
      env: { ...process.env, LATCHKEY: url, VERIFY_KEY: verifyKey.key, CREDENTIAL: key },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let text = ''
    stdout.setEncoding('utf8').on('data', (part: string) => (text += part))
    await once(stdout, 'end')
    return Number(text)
  }
  const given = await Promise.all([run(), run()])
  const total = given.reduce((sum, count) => sum + count, 0)
  assert.ok(total <= limit, `${given.join(' + ')} of ${limit}`)
  assert.ok(total >= limit * 0.8, `${given.join(' + ')} of ${limit}`)
  assert.ok(given.every((count) => count > 0))
  // and the server agrees
  const asking = createVerifier({ url, key: verifyKey.key })
  await until(async () => (await asking.verify(key)).code === 'rate_limit_exceeded')
})
