// Links the pinned Node (an optional dependency for this platform) to node_modules/.bin/node, which npm scripts find first.
// Runs under whatever Node npm itself runs on; a platform without a pinned build keeps that one.
import { chmodSync, existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { pinnedNode, root } from '../bin/pinned-node.js'

const binary = pinnedNode()
if (binary && existsSync(join(root, 'node_modules'))) {
  const link = join(root, 'node_modules', '.bin', process.platform === 'win32' ? 'node.exe' : 'node')
  mkdirSync(dirname(link), { recursive: true })
  rmSync(link, { force: true })
  chmodSync(binary, 0o755)
  symlinkSync(process.platform === 'win32' ? binary : relative(dirname(link), binary), link)
}
