// Building the dashboard, where it is missing or of other sources than those here. Each build lies in a folder named by its
// sources' hash, moved there as a whole: processes that build at once, and those that read, do not get in each other's way.
import { type Hash, createHash, randomUUID } from 'node:crypto'
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = join(root, 'dashboard')
const out = join(folder, 'dist')
const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js')

/** What a build is made of. The lockfile stands for the packages. */
const sources = ['dashboard/index.html', 'dashboard/vite.config.ts', 'dashboard/src', 'package-lock.json']

/** Unfinished builds older than this were left behind by a process that was killed. */
const abandonedMs = 10 * 60_000

export class BuildFailure extends Error {}

const addTo = async (hash: Hash, path: string): Promise<void> => {
  if ((await stat(path)).isDirectory()) {
    for (const name of (await readdir(path)).toSorted()) await addTo(hash, join(path, name))
    return
  }
  hash.update(`${path.slice(root.length)}\n`).update(await readFile(path))
}

/** Names the build that belongs to the present sources; undefined: there are none here, as in the installed package. */
const presentName = async (): Promise<string | undefined> => {
  if (!existsSync(join(folder, 'index.html'))) return undefined
  const hash = createHash('sha256')
  for (const source of sources) await addTo(hash, join(root, source))
  return hash.digest('hex').slice(0, 16)
}

const builds = async (): Promise<string[]> => {
  try {
    return (await readdir(out)).filter((name) => /^[0-9a-f]{16}$/.test(name))
  } catch {
    return []
  }
}

const run = (target: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [vite, 'build', folder, '--outDir', target, '--emptyOutDir', '--logLevel', 'warn'],
      { cwd: root, env: { ...process.env, NODE_ENV: 'production' }, stdio: ['ignore', 'pipe', 'pipe'] },
    )
    let printed = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (part: string) => (printed += part))
    child.once('error', reject)
    child.once('close', (status) =>
      status === 0 ? resolve() : reject(new BuildFailure(`vite exited with ${status}:\n${printed}`)),
    )
  })

const compressed = /\.(?:js|css|svg|html)$/

/** Once here rather than at every request. */
const compress = async (target: string): Promise<void> => {
  for (const name of await readdir(target, { recursive: true })) {
    if (!compressed.test(name)) continue
    const path = join(target, name)
    const body = await readFile(path)
    const params = { [constants.BROTLI_PARAM_SIZE_HINT]: body.length }
    await writeFile(`${path}.br`, await promisify(brotliCompress)(body, { params }))
    await writeFile(`${path}.gz`, await promisify(gzip)(body, { level: 9 }))
  }
}

/** Takes away the builds of other sources, and what killed processes left. */
const tidy = async (name: string): Promise<void> => {
  for (const other of await readdir(out)) {
    const path = join(out, other)
    const unfinished = other.startsWith('.')
    if (other === name || (unfinished && Date.now() - (await stat(path)).mtimeMs < abandonedMs)) continue
    await rm(path, { recursive: true, force: true })
  }
}

const build = async (name: string): Promise<string> => {
  if (!existsSync(vite))
    throw new BuildFailure(
      'Vite is not installed: run `npm ci` with development packages, or copy dashboard/dist of a checkout that has it.',
    )
  const unfinished = join(out, `.${name}-${randomUUID()}`)
  const finished = join(out, name)
  await mkdir(unfinished, { recursive: true })
  try {
    await run(unfinished)
    await compress(unfinished)
    await rename(unfinished, finished)
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true })
    // another process was faster
    if (!existsSync(finished)) throw error
  }
  await tidy(name).catch(() => {}) // another process tidies too
  return finished
}

/** Where the build of the present sources lies; undefined: it has to be built. Of an installed package, the one that came with it. */
const findBuild = async (): Promise<string | undefined> => {
  const name = await presentName()
  const found = await builds()
  const wanted = name === undefined ? found[0] : found.find((one) => one === name)
  return wanted && join(out, wanted)
}

/** Finds the build, or makes it and says so to `tell`. Throws BuildFailure, or what the file system says. */
export const ensureBuild = async (tell: (line: string) => void): Promise<string> => {
  const present = await findBuild()
  if (present !== undefined) return present
  const name = await presentName()
  if (name === undefined) throw new BuildFailure('The dashboard is missing from this package: install it anew.')
  tell('Building the dashboard …')
  const started = performance.now()
  const built = await build(name)
  tell(`Built the dashboard in ${((performance.now() - started) / 1000).toFixed(1)} s.`)
  return built
}
