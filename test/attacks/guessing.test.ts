// A guessing attack of 10,000 sign-ins (OWASP ASVS 5.0 §6.3.1): nearly all are refused before a password is looked at, alike for accounts that exist
// and that do not, in bounded memory; and the owner gets in from elsewhere while it goes on.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LightMyRequestResponse } from 'fastify'
import { SignInThrottle } from '../../src/accounts/sign-in-throttle.ts'
import { type Launched, launch, stoppedClock } from '../harness.ts'
import { addPerson, formOf, password, visitor } from '../visitor.ts'

const scene = async (t: Parameters<typeof launch>[0]) => {
  const clock = stoppedClock('2026-11-22T12:00:00Z')
  const launched = await launch(t, { file: {}, now: clock })
  await addPerson(launched)
  return { clock, launched }
}

/** Posts passwords with one form, as a program does that has read it once. */
const guesser = async (launched: Launched) => {
  const browser = visitor(launched)
  const form = formOf((await browser.get('/login')).body, '/login')
  return (email: string, ip: string, guess: string): Promise<LightMyRequestResponse> =>
    browser.post('/login', { ...form, email, password: guess }, { 'x-forwarded-for': ip })
}

const ownerFrom = async (launched: Launched, ip: string): Promise<number> => {
  const browser = visitor(launched)
  const form = formOf((await browser.get('/login')).body, '/login')
  const from = { 'x-forwarded-for': ip }
  return (await browser.post('/login', { ...form, email: 'ada@example.com', password }, from)).statusCode
}

/** What anybody may see of an answer, wherever it is for. */
const seen = ({ statusCode, headers, body }: LightMyRequestResponse): string => {
  const { 'content-length': _, 'x-request-id': _id, date: _date, ...others } = headers
  return JSON.stringify([
    statusCode,
    others,
    body.replaceAll(/(?:name="form_token" value|data-passkey|value)="[^"]*"/g, ''),
  ])
}

const outcomes = async ({ ask }: Launched): Promise<Record<string, number>> =>
  Object.fromEntries(
    [...(await ask('GET', '/metrics')).body.matchAll(/latchkey_sign_ins_total\{outcome="(\w+)"\} (\d+)/g)].map(
      ([, outcome = '', count]) => [outcome, Number(count)],
    ),
  )

test('4,000 guesses from one address at one account: five are looked at, and the owner signs in from elsewhere meanwhile', async (t) => {
  const { launched } = await scene(t)
  const guess = await guesser(launched)
  const statuses = new Map<number, number>()
  for (let attempt = 0; attempt < 4_000; attempt++) {
    const { statusCode } = await guess('ada@example.com', '198.51.100.1', `guess number ${attempt}`)
    statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1)
    if (attempt === 2_000) assert.equal(await ownerFrom(launched, '203.0.113.1'), 303)
  }
  assert.deepEqual(Object.fromEntries(statuses), { 403: 5, 429: 3_995 })
  assert.equal(await ownerFrom(launched, '203.0.113.2'), 303)
  assert.deepEqual(await outcomes(launched), { refused: 5, throttled: 3_995, succeeded: 2 })
})

test('3,000 guesses from thirty addresses at one account: five of each are looked at, whether the account exists or not', async (t) => {
  const { launched } = await scene(t)
  const guess = await guesser(launched)
  for (const email of ['ada@example.com', 'nobody@example.com'])
    for (let attempt = 0; attempt < 1_500; attempt++)
      await guess(
        email,
        `198.51.100.${(attempt % 15) + (email.startsWith('ada') ? 0 : 100)}`,
        `guess number ${attempt}`,
      )
  assert.deepEqual(await outcomes(launched), { refused: 150, throttled: 2_850 })
  assert.equal(await ownerFrom(launched, '203.0.113.1'), 303)
  // neither an answer that was looked at nor one that was not tells which of them exists
  for (const [ip, other] of [
    ['198.51.100.1', '198.51.100.101'],
    ['192.0.2.50', '192.0.2.50'],
  ] as const) {
    const [known, unknown] = [await guess('ada@example.com', ip, 'x'), await guess('nobody@example.com', other, 'x')]
    assert.equal(seen(known), seen(unknown))
  }
})

test('3,000 guesses from ten addresses at 3,000 accounts: thirty of each address are looked at', async (t) => {
  const { launched, clock } = await scene(t)
  const guess = await guesser(launched)
  for (let attempt = 0; attempt < 3_000; attempt++)
    await guess(`person-${attempt}@example.com`, `198.51.100.${attempt % 10}`, 'the same password for all')
  assert.deepEqual(await outcomes(launched), { refused: 300, throttled: 2_700 })
  assert.equal(await ownerFrom(launched, '203.0.113.1'), 303)
  // somebody behind the same address as the attacker waits minutes, not for ever
  assert.equal(await ownerFrom(launched, '198.51.100.1'), 429)
  clock.advance(5 * 60_000)
  assert.equal(await ownerFrom(launched, '198.51.100.1'), 303)
})

test('a flood that comes all at once waits in a short line; the rest is turned away unlooked at, and not counted', async (t) => {
  const { launched } = await scene(t)
  const guess = await guesser(launched)
  const answers = await Promise.all(
    Array.from({ length: 600 }, (_, index) =>
      guess('ada@example.com', `10.0.${index >> 8}.${index & 255}`, 'a wrong guess'),
    ),
  )
  const counts = Map.groupBy(answers, ({ statusCode }) => statusCode)
  const [busy = []] = [counts.get(503)]
  assert.ok(busy.length >= 250, `${busy.length} turned away`)
  assert.equal((counts.get(403)?.length ?? 0) + busy.length, 600)
  assert.equal(busy[0]?.headers['retry-after'], '5')
  assert.match(busy[0]?.body ?? '', /Nothing is wrong with your password/)
  assert.equal(await ownerFrom(launched, '203.0.113.1'), 303, 'once it is over')
})

test('what is remembered of 200,000 attempts takes no more room than was there from the beginning', () => {
  const throttle = new SignInThrottle()
  const now = Date.parse('2026-11-22T12:00:00Z')
  const attempt = (index: number) =>
    throttle.take(
      `person-${index}@example.com`,
      `2001:db8:${(index >> 16).toString(16)}:${(index & 0xffff).toString(16)}::1`,
      now,
    )
  const before = process.memoryUsage().arrayBuffers
  for (let index = 0; index < 200_000; index++) attempt(index)
  const { accounts, addresses } = throttle.sizes()
  for (const size of [accounts, addresses]) assert.ok(size >= 10_000 && size < 30_000, `${size}`)
  assert.ok(process.memoryUsage().arrayBuffers - before < 1_000_000)
})
