// Runs the tests on the pinned Node, half as many more files at once as there are cores: much of their time is waiting for servers and disks.
import './require-node.mjs'
import './build-dashboard.mjs'
import '../sdk/scripts/generate.mjs'
import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { fileURLToPath } from 'node:url'

// each file is a process of its own: what one has stripped of its types and compiled, the others need not
process.env.NODE_COMPILE_CACHE = fileURLToPath(new URL('../node_modules/.cache/latchkey-tests', import.meta.url))

const named = process.argv.slice(2)
/** Those that take long come first, so that none of them is left over when the others are done. */
const long = /^(test\/(workers|promises|dashboard|cli)|sdk)\//
const files = globSync(named.length > 0 ? named : ['test/**/*.test.ts', 'sdk/test/**/*.test.ts']).sort(
  (a, b) => Number(long.test(b)) - Number(long.test(a)) || (a < b ? -1 : 1),
)
if (files.length === 0) {
  console.error(`No test is called ${named.join(' ')}.`)
  process.exit(1)
}
run({ files, concurrency: Math.ceil(availableParallelism() * 1.5), timeout: 240_000 })
  .on('test:fail', () => {
    process.exitCode = 1
  })
  .compose(spec)
  .pipe(process.stdout)
