// Runs the tests on the pinned Node, half as many more files at once as there are cores: much of their time is waiting for servers and disks.
import './require-node.mjs'
import './build-dashboard.mjs'
import '../sdk/scripts/generate.mjs'
import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'

const compiled = fileURLToPath(new URL('../node_modules/.cache/latchkey-tests', import.meta.url))
const named = process.argv.slice(2)
const { status } = spawnSync(
  process.execPath,
  [
    '--test',
    '--test-timeout=240000',
    `--test-concurrency=${Math.ceil(availableParallelism() * 1.5)}`,
    ...(named.length > 0 ? named : ['test/**/*.test.ts', 'sdk/test/**/*.test.ts']),
  ],
  // each file is a process of its own: what one has stripped of its types and compiled, the others need not
  { stdio: 'inherit', env: { ...process.env, NODE_COMPILE_CACHE: compiled } },
)
process.exit(status ?? 1)
