// What a person at a terminal is shown by a start: the address and the set-up link, each in a line of its own.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { programOrSkip } from '../gateway/proxy-process.ts'
import { command } from '../processes.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

test('a start at a terminal greets; the link is shown once, and log lines stay JSON', async (t) => {
  // util-linux: runs a command on a pseudo-terminal of its own
  const script = programOrSkip(t, 'script')
  if (script === undefined) return
  const folder = temporaryFolder(t)
  const data = join(folder, 'data')

  /** Starts on a pseudo-terminal, waits for `awaited`, presses Ctrl-C, and answers the lines that were shown. */
  const watch = async (awaited: RegExp): Promise<string[]> => {
    const child = spawn(
      script,
      ['--quiet', '--return', '--command', `exec "${process.execPath}" src/main.ts`, '/dev/null'],
      {
        cwd: root,
        env: {
          PATH: process.env.PATH,
          HOME: folder,
          LATCHKEY_DATA: data,
          LATCHKEY_URL: 'http://latchkey.localhost',
          PORT: '0',
        },
        stdio: ['pipe', 'pipe', 'inherit'],
      },
    )
    t.after(() => void child.kill('SIGKILL'))
    let shown = ''
    child.stdout.setEncoding('utf8').on('data', (part: string) => (shown += part))
    const ended = once(child, 'exit') as Promise<[number | null]>
    while (child.exitCode === null && !awaited.test(shown)) await new Promise((resolve) => setTimeout(resolve, 10))
    child.stdin.write('\u0003')
    assert.deepEqual((await ended)[0], 0, shown)
    return shown.split('\r\n')
  }

  const first = await watch(/24 hours/)
  const greeting = first.filter((line) => line !== '' && !line.includes('{"level"'))
  assert.match(greeting[0] ?? '', /^Latchkey \d+\.\d+\.\d+/)
  assert.deepEqual(
    greeting.filter((line) => /^ {2}(Serving|Store|HTTP API)/.test(line)),
    [
      '  Serving    http://latchkey.localhost',
      `  Store      SQLite in ${data}`,
      '  HTTP API   http://latchkey.localhost/docs',
    ],
  )
  assert.ok(greeting.some((line) => /^ {2}Listening {2}127\.0\.0\.1:\d+$/.test(line)))
  assert.ok(
    greeting.some((line) => /^ {2}Set up {5}http:\/\/latchkey\.localhost\/setup\?token=su_[\w-]{43}$/.test(line)),
  )
  assert.equal(first.join('\n').match(/setup\?token=/g)?.length, 1)
  const log = first.filter((line) => line.includes('{"level"')).map((line) => line.slice(line.indexOf('{')))
  assert.ok(log.map((line) => (JSON.parse(line) as { msg: string }).msg).includes('listening'))

  const env = { LATCHKEY_DATA: data, LATCHKEY_CONFIG: '' }
  const made = await command(data, ['users', 'create', '--email', 'ada@example.com', '--name', 'Ada', '--operator'], {
    env,
  })
  assert.equal(made.status, 0, made.stderr)
  const second = (await watch(/\/docs/)).join('\n')
  assert.match(second, /^ {2}Serving {4}http:\/\/latchkey\.localhost$/m)
  assert.doesNotMatch(second, /Set up|setup\?token=/)
})
