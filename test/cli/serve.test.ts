// `latchkey serve` says why it cannot; how it serves and stops is held in test/promises.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { command, startCommand } from '../processes.ts'
import { temporaryFolder } from '../temporary-folder.ts'

test('a port that is taken is told in one line', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  t.after(() => taken.close())
  const { port } = taken.address() as AddressInfo
  const { status, stderr } = await command(temporaryFolder(t), ['serve'], { env: { PORT: String(port) } })
  assert.equal(status, 1)
  assert.match(
    stderr,
    new RegExp(
      `^latchkey: Something listens on 127\\.0\\.0\\.1:${port} already\\. Stop it, or set PORT to another\\.\n$`,
    ),
  )
})

test('--workers is LATCHKEY_WORKERS', async (t) => {
  const { child, ended } = startCommand(temporaryFolder(t), ['serve', '--workers', '2'], { env: { PORT: '0' } })
  t.after(() => void child.kill('SIGKILL'))
  let printed = ''
  for await (const part of child.stdout as AsyncIterable<string>) if ((printed += part).includes('"listening"')) break
  assert.match(printed, /"workers":2,"msg":"listening"/)
  child.kill('SIGTERM')
  assert.equal((await ended).status, 0)
})
