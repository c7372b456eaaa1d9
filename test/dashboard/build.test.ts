// Building the dashboard: once, again when a source has changed, whole or not at all, whoever builds at the same time.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Cleanup, temporaryFolder } from '../temporary-folder.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** A checkout with a dashboard of one line. */
const checkout = (t: Cleanup) => {
  const folder = temporaryFolder(t)
  mkdirSync(join(folder, 'dashboard', 'src'), { recursive: true })
  mkdirSync(join(folder, 'src', 'dashboard'), { recursive: true })
  cpSync(join(root, 'src', 'dashboard', 'build.ts'), join(folder, 'src', 'dashboard', 'build.ts'))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  writeFileSync(join(folder, 'package-lock.json'), '{}')
  writeFileSync(join(folder, 'dashboard', 'vite.config.ts'), 'export default { root: import.meta.dirname }')
  writeFileSync(join(folder, 'dashboard', 'index.html'), '<script type="module" src="./src/main.ts"></script>')
  const write = (text: string): void => writeFileSync(join(folder, 'dashboard', 'src', 'main.ts'), text)
  write(`console.log('one')`)
  const program = `import { ensureBuild } from './src/dashboard/build.ts'
    try { console.log(await ensureBuild((line) => console.error(line))) } catch (error) { console.log(error.constructor.name + ': ' + error.message) }`
  return {
    folder,
    write,
    async build() {
      const ran = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], {
        cwd: folder,
      })
      return { said: ran.stderr, answer: ran.stdout.trim() }
    },
    built: () => readdirSync(join(folder, 'dashboard', 'dist')),
  }
}

test('it is built once, again when a source has changed, and one build is kept', async (t) => {
  const { build, built, write } = checkout(t)
  const first = await build()
  assert.match(first.said, /^Building the dashboard …\nBuilt the dashboard in /)
  assert.match(readFileSync(join(first.answer, 'index.html'), 'utf8'), /\/assets\/index-[\w-]+\.js/)
  assert.ok(readdirSync(join(first.answer, 'assets')).some((name) => name.endsWith('.js.br')))
  assert.deepEqual(await build(), { said: '', answer: first.answer })
  write(`console.log('two')`)
  const second = await build()
  assert.notEqual(second.answer, first.answer)
  assert.deepEqual(built().length, 1)
  // as it was before, it is built as it was before
  write(`console.log('one')`)
  assert.equal((await build()).answer, first.answer)
})

test('processes that build at once agree, and leave nothing unfinished', async (t) => {
  const { build, built } = checkout(t)
  const answers = (await Promise.all([build(), build(), build()])).map(({ answer }) => answer)
  assert.equal(new Set(answers).size, 1)
  assert.equal(built().length, 1)
})

test('a build that fails says why and leaves nothing', async (t) => {
  const { folder, build, built, write } = checkout(t)
  write('const = nothing')
  const { answer } = await build()
  assert.match(answer, /^BuildFailure: vite exited with 1:/)
  assert.match(answer, /main\.ts/)
  assert.deepEqual(built(), [])
  rmSync(join(folder, 'node_modules'))
  assert.match((await build()).answer, /^BuildFailure: Vite is not installed: run `npm ci`/)
})

test('an installed package has no sources: what came with it is served', async (t) => {
  const { folder, build } = checkout(t)
  const { answer } = await build()
  for (const name of ['index.html', 'src', 'vite.config.ts'])
    rmSync(join(folder, 'dashboard', name), { recursive: true })
  assert.deepEqual(await build(), { said: '', answer })
  rmSync(join(folder, 'dashboard', 'dist'), { recursive: true })
  assert.match((await build()).answer, /^BuildFailure: The dashboard is missing from this package/)
})
