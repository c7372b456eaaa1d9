// `npm run build`: builds the dashboard where its sources have changed.
import './require-node.mjs'
import { ensureBuild } from '../src/dashboard/build.ts'

try {
  await ensureBuild((line) => console.error(line))
} catch (error) {
  console.error(error.message)
  process.exit(1)
}
