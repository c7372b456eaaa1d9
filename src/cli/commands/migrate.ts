// latchkey migrate: bring the store to this version's schema, or move the deployment to another issuer.
import type { Command } from 'commander'
import { example, outputOf, refuseUrl } from '../context.ts'

export const addMigrate = (program: Command): void => {
  example(program.command('migrate'), 'latchkey migrate')
    .description('bring the store to the present schema (a start does so too)')
    .option('--issuer <url>', 'move the deployment to this LATCHKEY_URL; tokens made before then end at once')
    .action(async ({ issuer }: { issuer?: string }, command: Command) => {
      refuseUrl(command)
      const { loadConfig } = await import('../../config/config.ts')
      const config = await loadConfig({ ...process.env, ...(issuer !== undefined && { LATCHKEY_URL: issuer }) })
      const { openStore } = await import('../../store/open.ts')
      const store = await openStore(config)
      try {
        if (issuer !== undefined) {
          const { moveIssuer } = await import('../../deployment.ts')
          await moveIssuer(store, config.issuer)
        }
        const applied =
          store.migrated.length === 0
            ? 'The store has the present schema; nothing was to be done.'
            : `Applied:\n${store.migrated.map((name) => `  ${name}`).join('\n')}`
        const moved =
          issuer === undefined
            ? ''
            : `\nThe issuer is ${config.issuer} from now on. Start servers with LATCHKEY_URL=${config.issuer}.`
        outputOf(command).result(
          { applied: store.migrated, ...(issuer !== undefined && { issuer: config.issuer }) },
          applied + moved,
        )
      } finally {
        await store.close()
      }
    })
}
