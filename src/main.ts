// `npm start`: read config, open store, build app, listen, stop cleanly.
import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'

// before anything else is loaded, so that the next start need not strip and compile it again
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/latchkey', import.meta.url)))
const [{ loadConfig }, { serve }] = await Promise.all([import('./config/config.ts'), import('./serve.ts')])

try {
  await serve(await loadConfig(process.env))
} catch (error) {
  const { reportFailure } = await import('./cli/failure.ts')
  process.exit(reportFailure(error, Boolean(process.env.LATCHKEY_DEBUG)))
}
