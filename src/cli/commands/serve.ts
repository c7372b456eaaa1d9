// latchkey serve: the server itself, as `npm start` runs it.
import { type Command, Option } from 'commander'
import { example, refuseUrl } from '../context.ts'
import { parseCount } from '../options.ts'

export const addServe = (program: Command): void => {
  example(program.command('serve'), 'latchkey serve')
    .description('serve until told to stop (SIGTERM or SIGINT)')
    .addOption(
      new Option('--workers <count>', 'threads that serve; default: all cores (LATCHKEY_WORKERS)').argParser(
        parseCount(1024),
      ),
    )
    .action(async ({ workers }: { workers?: number }, command: Command) => {
      refuseUrl(command)
      const { loadConfig } = await import('../../config/config.ts')
      const config = await loadConfig({
        ...process.env,
        ...(workers !== undefined && { LATCHKEY_WORKERS: String(workers) }),
      })
      const { serve } = await import('../../serve.ts')
      await serve(config)
    })
}
