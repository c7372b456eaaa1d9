// The packed package: compiled, installed from its file into an empty project, and run there by npx, with a configuration in TypeScript.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { version } from '../../src/version.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')

/** A shell in `folder` that knows nothing of this checkout: its packages and its Node are not on the path. */
const shellIn = (folder: string, env: NodeJS.ProcessEnv = {}) => {
  const path = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((entry) => !entry.includes('node_modules'))
    .join(delimiter)
  return async (file: string, ...args: string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)(file, args, {
      cwd: folder,
      env: { PATH: path, HOME: process.env.HOME, npm_config_update_notifier: 'false', ...env },
      maxBuffer: 16 * 1024 * 1024,
    })
    return stdout
  }
}

const config = `import type { LatchkeyConfig } from 'latchkey'

export default {
  apis: { shop: { upstream: 'echo', limits: [{ name: 'window', per: 'credential', limit: 7, period: 60 }] } },
} satisfies LatchkeyConfig
`

test('packs, installs and runs', { timeout: 180_000 }, async (t) => {
  const folder = temporaryFolder(t)
  await shellIn(root)('npm', 'pack', '--pack-destination', folder)
  const [packed] = readdirSync(folder)
  assert.equal(packed, `latchkey-${version}.tgz`)

  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'shop', version: '1.0.0', private: true, type: 'module' }),
  )
  writeFileSync(join(folder, 'latchkey.config.ts'), config)
  const shell = shellIn(folder, { LATCHKEY_DATA: join(folder, 'data') })
  await shell('npm', 'install', `./${packed}`, '--prefer-offline', '--no-audit', '--no-fund')
  const installed = readdirSync(join(folder, 'node_modules', 'latchkey'))
  for (const left of ['src', 'test', 'bench', 'node_modules', 'data'])
    assert.ok(!installed.includes(left), `${left} is not in the package`)

  const [build = ''] = readdirSync(join(folder, 'node_modules', 'latchkey', 'dashboard', 'dist'))
  assert.match(build, /^[0-9a-f]{16}$/)
  const found = `import('./node_modules/latchkey/dist/dashboard/build.js').then(async (it) => console.log(await it.ensureBuild(console.error)))`
  assert.equal(
    (await shell(process.execPath, '--eval', found)).trim(),
    join(folder, 'node_modules', 'latchkey', 'dashboard', 'dist', build),
    'the dashboard comes along, built',
  )

  const latchkey = (...args: string[]): Promise<string> => shell('npx', '--no-install', 'latchkey', ...args)
  assert.equal(await latchkey('--version'), `${version}\n`)
  const make = async (...args: string[]): Promise<Record<string, string>> =>
    JSON.parse(await latchkey(...args, '--json')) as Record<string, string>
  const { id: userId = '' } = await make('users', 'create', '--email', 'ada@example.com', '--name', 'Ada')
  const { id: orgId = '' } = await make('orgs', 'create', '--name', 'Acme', '--owner', userId)
  const { key = '' } = await make(
    'keys',
    'create',
    '--user-id',
    userId,
    '--org-id',
    orgId,
    '--name',
    'Production API Key',
  )
  assert.match(key, /^sk_/)
  const explained = JSON.parse(await latchkey('verify', key, '--json')) as {
    valid: boolean
    api: string
    limits: { limit: number }[]
  }
  assert.deepEqual(
    [explained.valid, explained.api, explained.limits[0]?.limit],
    [true, 'shop', 7],
    'under the configuration here',
  )

  const options = ['--noEmit', '--module', 'nodenext', '--target', 'esnext', '--strict', '--skipLibCheck']
  await shell(process.execPath, tsc, ...options, 'latchkey.config.ts')
  writeFileSync(join(folder, 'wrong.config.ts'), config.replace("upstream: 'echo'", 'upstrem: true'))
  await assert.rejects(
    shell(process.execPath, tsc, ...options, 'wrong.config.ts'),
    ({ stdout }: { stdout: string }) => stdout.includes("'upstrem'"),
    'the types tell mistakes',
  )
})
