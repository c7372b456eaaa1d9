// OWASP ASVS 5.0 §16.3.1: who guesses passwords leaves traces: from where, and nothing of what was typed.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import { launch } from '../harness.ts'
import { visitor } from '../visitor.ts'

test('a sign-in that is refused or held back is told in the log, with the address that it came from', async (t) => {
  const lines: string[] = []
  const launched = await launch(t, { log: pino({ level: 'info' }, { write: (line: string) => void lines.push(line) }) })
  const guesser = visitor(launched)
  const { body } = await guesser.get('/login')
  const form_token = /name="form_token" value="([^"]*)"/.exec(body)?.[1] ?? ''
  const form = { form_token, email: 'nobody@example.com', password: 'guess-guess-guess' }
  for (let n = 0; n < 7; n++) await guesser.post('/login', form, { 'x-forwarded-for': '203.0.113.7' })
  const told = lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ ip }) => ip === '203.0.113.7')
  assert.deepEqual(new Set(told.map(({ msg }) => msg)), new Set(['sign-in refused', 'sign-in held back']))
  assert.ok(told.every(({ request_id }) => typeof request_id === 'string'))
  assert.doesNotMatch(lines.join(''), /nobody@example|guess-guess/)
})
