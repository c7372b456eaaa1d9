// The core needs fetch, Web Crypto and streams, and nothing of any one runtime: it runs where there is nothing else.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createContext, runInContext } from 'node:vm'
import fc from 'fast-check'
import { build } from 'vite'
import { portableSha256, sha256 } from '../src/sha256.ts'
import type * as Sdk from '../src/index.ts'
import { listening } from './latchkey.ts'

const source = fileURLToPath(new URL('../src/', import.meta.url))

const importsOf = (file: string): string[] =>
  [
    ...readFileSync(join(source, file), 'utf8').matchAll(/^\s*(?:import|export)\s(?:[^'"();]*?\sfrom\s)?'([^']+)'/gm),
  ].map((match) => match[1] ?? '')

test('nothing is imported but the SDK itself; the frameworks’ types are each in their own file', () => {
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  const foreign = files.flatMap((file) =>
    importsOf(file)
      .filter(
        (target) => !target.startsWith('.') || relative(source, join(source, dirname(file), target)).startsWith('..'),
      )
      .map((target) => `${file}: ${target}`),
  )
  assert.deepEqual(foreign.toSorted(), [
    'express.ts: node:http',
    'fastify.ts: fastify',
    'hono.ts: hono',
    'node.ts: node:http',
  ])
  for (const file of files) {
    const text = readFileSync(join(source, file), 'utf8')
    assert.match(text, /^\/\/ /, `${file} says what it owns`)
    if (!file.endsWith('generated.ts')) assert.ok(text.split('\n').length <= 400, `${file} is short`)
    for (const line of text.split('\n'))
      if (/^import .*'(node:http|fastify|hono)'/.test(line)) assert.match(line, /^import type/, 'types leave no trace')
  }
})

test('SHA-256 is the same wherever it comes from', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      const expected = createHash('sha256').update(text.toWellFormed(), 'utf8').digest('hex')
      assert.equal(portableSha256(text.toWellFormed()), expected)
      assert.equal(sha256(text.toWellFormed()), expected)
    }),
  )
  for (const length of [0, 1, 55, 56, 63, 64, 119, 120, 8192])
    assert.equal(portableSha256('a'.repeat(length)), createHash('sha256').update('a'.repeat(length)).digest('hex'))
})

/** What every web-standard runtime has. */
const webGlobals = {
  AbortController,
  AbortSignal,
  Blob,
  DecompressionStream,
  Response,
  TextDecoder,
  TextEncoder,
  URL,
  URLSearchParams,
  clearTimeout,
  crypto,
  fetch,
  performance,
  setTimeout,
}

test('it runs on web standards alone, in all three modes', { timeout: 60_000 }, async (t) => {
  const bundled = await build({
    configFile: false,
    logLevel: 'silent',
    build: { write: false, minify: false, lib: { entry: join(source, 'index.ts'), formats: ['iife'], name: 'sdk' } },
  })
  const [chunk] = (Array.isArray(bundled) ? bundled[0]?.output : 'output' in bundled && bundled.output) || []
  assert.ok(chunk?.type === 'chunk')
  const context = createContext({ ...webGlobals })
  const { createVerifier } = runInContext(`${chunk.code}; sdk`, context) as typeof Sdk
  const latchkey = await listening(t, { file: { apis: { books: { limits: [] } } } })
  const { url, verifyKey, acme, config, ask } = latchkey
  const { key } = await acme.key()
  for (const mode of ['remote', 'cached'] as const) {
    const verifier = createVerifier({ url, key: verifyKey.key, mode })
    t.after(() => verifier.close())
    assert.equal((await verifier.verify(key)).outcome, 'valid', mode)
  }
  const { client_id, client_secret } = await acme.client()
  const issued = await ask('POST', '/oauth/token', {
    form: { grant_type: 'client_credentials', client_id, client_secret },
  })
  const audience = config.apis.get('books')?.audience ?? ''
  const local = createVerifier({ mode: 'local', url, issuer: config.issuer, audience })
  assert.equal((await local.verify(issued.json<{ access_token: string }>().access_token)).outcome, 'valid')
})
