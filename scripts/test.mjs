// Runs the tests on the pinned Node, as many files at once as there are cores: much of their time is waiting for servers and disks.
import './require-node.mjs'
import './build-dashboard.mjs'
import '../sdk/scripts/generate.mjs'
import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

const named = process.argv.slice(2)
const { status } = spawnSync(
  process.execPath,
  [
    '--test',
    '--test-timeout=240000',
    `--test-concurrency=${availableParallelism()}`,
    ...(named.length > 0 ? named : ['test/**/*.test.ts', 'sdk/test/**/*.test.ts']),
  ],
  { stdio: 'inherit' },
)
process.exit(status ?? 1)
