// bin/latchkey.js: runs under any Node, and hands over to the one that npm brought where that is too old.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { version } from '../../src/version.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Makes Node say that it is another; what it spawns is itself again. */
const pretend = (node: string): string[] => [
  '--import',
  `data:text/javascript,${encodeURIComponent(`Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${node}' } })`)}`,
]

const start = (file: string, args: readonly string[], { flags = [] as string[], env = {} } = {}) => {
  const child = spawn(process.execPath, [...flags, file, ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const printed = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (part: string) => (printed.stdout += part))
  child.stderr.setEncoding('utf8').on('data', (part: string) => (printed.stderr += part))
  const ended = once(child, 'close').then(([status, signal]) => ({
    status: status as number | null,
    signal: signal as string | null,
    ...printed,
  }))
  return { child, printed, ended }
}

const bin = join(root, 'bin', 'latchkey.js')

test('runs under this Node, and by way of an older one, with the same output and status', async () => {
  for (const flags of [[], pretend('20.20.2')]) {
    assert.deepEqual(await start(bin, ['--version'], { flags }).ended, {
      status: 0,
      signal: null,
      stdout: `${version}\n`,
      stderr: '',
    })
    const wrong = await start(bin, ['keys', 'burn'], { flags }).ended
    assert.deepEqual([wrong.status, wrong.stdout], [2, ''])
  }
})

test('says which Node is needed where npm brought none', async (t) => {
  const folder = temporaryFolder(t)
  cpSync(join(root, 'bin'), join(folder, 'latchkey', 'bin'), { recursive: true })
  cpSync(join(root, 'package.json'), join(folder, 'latchkey', 'package.json'))
  const { status, stdout, stderr } = await start(join(folder, 'latchkey', 'bin', 'latchkey.js'), ['--version'], {
    flags: pretend('20.20.2'),
  }).ended
  assert.deepEqual([status, stdout], [1, ''])
  assert.match(stderr, /^latchkey: Node 26 or newer is needed; this is 20\.20\.2\./)
})

test('a server behind an older Node stops when that one is told to', async (t) => {
  const { child, printed, ended } = start(bin, ['serve'], {
    flags: pretend('20.20.2'),
    env: { LATCHKEY_DATA: temporaryFolder(t), PORT: '0', LATCHKEY_URL: 'http://localhost:8000' },
  })
  while (!printed.stdout.includes('"listening"')) {
    assert.equal(child.exitCode, null, printed.stderr)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  child.kill('SIGTERM')
  const { status, stdout } = await ended
  assert.equal(status, 0)
  assert.match(stdout, /"stopped"/)
})
