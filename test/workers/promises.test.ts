// What is promised of one worker and of several processes is kept by several processes of several workers: the same tests, once more.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

/** Not durability.test.ts: a kill ends all threads of a process together, and what is durable lies in the store. */
const files = ['limits', 'revocation', 'usage'].map((name) =>
  fileURLToPath(new URL(`../promises/${name}.test.ts`, import.meta.url)),
)

test('the tests of test/promises, with two workers in each server', { timeout: 900_000 }, async () => {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const child = spawn(process.execPath, ['--test', '--test-concurrency=1', ...files], {
    env: { ...env, LATCHKEY_WORKERS: '2' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let told = ''
  child.stdout.setEncoding('utf8').on('data', (part: string) => (told += part))
  const [status] = (await once(child, 'close')) as [number]
  assert.equal(status, 0, told)
  assert.match(told, /\bpass [1-9]\d*/)
})
