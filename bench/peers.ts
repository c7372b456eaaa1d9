// The servers that Latchkey is measured beside. They are dependencies of bench/ alone and installed when first needed.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('.', import.meta.url))

interface Manifest {
  dependencies: Record<string, string>
}

const read = (path: string): unknown => JSON.parse(readFileSync(`${folder}${path}`, 'utf8'))

/** Name → version, as bench/package.json pins them. */
export const peerVersions = (): Record<string, string> => (read('package.json') as Manifest).dependencies

const isInstalled = ([name, version]: [string, string]): boolean => {
  const path = `node_modules/${name}/package.json`
  return existsSync(`${folder}${path}`) && (read(path) as { version: string }).version === version
}

/** Runs `npm ci` in bench/ unless everything is there. No package's install script is run. */
export const installPeers = (): void => {
  if (Object.entries(peerVersions()).every(isInstalled)) return
  console.error('Installing the peers that are measured beside Latchkey (npm ci --prefix bench; once) …')
  const args = ['ci', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund']
  const { status } = spawnSync('npm', args, { stdio: ['ignore', 'ignore', 'inherit'], timeout: 300_000 })
  if (status !== 0)
    throw new Error('The peers could not be installed: `npm ci --prefix bench` failed (is there a network?).')
}

export const peerFile = (name: string): string => `${folder}peers/${name}.mjs`
