// `npm start`: read config, open store, build app, listen, stop cleanly.
import { serve } from './serve.ts'
import { loadConfig } from './config/config.ts'
import { ConfigurationError } from './errors.ts'

try {
  await serve(await loadConfig(process.env))
} catch (error) {
  if (!(error instanceof ConfigurationError)) throw error
  console.error(`latchkey: ${error.message}`)
  process.exit(78)
}
