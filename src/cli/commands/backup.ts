// latchkey backup and restore: the SQLite store in one file. Postgres has its own tools.
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { type Config, loadConfig } from '../../config/config.ts'
import { Refusal } from '../../errors.ts'
import { example, outputOf, refuseUrl } from '../context.ts'

const requireSqlite = (config: Config, instead: string): void => {
  if (config.databaseUrl !== undefined)
    throw new Refusal('conflict', `This deployment keeps its store in Postgres. Use ${instead}`)
}

/** Reasons of the store are sentences for people; faults of the system have a code. */
const refuse = (error: unknown): never => {
  if (error instanceof Error && !('code' in error)) throw new Refusal('conflict', error.message, { cause: error })
  throw error
}

const secretReminder = (config: Config): string =>
  config.secret === undefined
    ? `The secret is not in it: keep ${resolve(config.dataFolder, 'secret')} elsewhere.`
    : 'LATCHKEY_SECRET is not in it: keep it elsewhere.'

export const addBackup = (program: Command): void => {
  example(program.command('backup'), 'latchkey backup latchkey-2027-01-31.backup')
    .description('copy the SQLite store to a file, while the server runs')
    .argument('<file>', 'where to; a former backup there is replaced')
    .action(async (file: string, _options: object, command: Command) => {
      refuseUrl(command)
      const config = await loadConfig(process.env)
      requireSqlite(config, 'pg_dump: pg_dump --format=custom --file=latchkey.dump "$DATABASE_URL"')
      const { backupSqlite } = await import('../../store/sqlite-backup.ts')
      const target = resolve(file)
      try {
        backupSqlite(config.dataFolder, target)
      } catch (error) {
        refuse(error)
      }
      outputOf(command).result({ file: target }, `The store is in ${target}. ${secretReminder(config)}`)
    })

  example(program.command('restore'), 'latchkey restore latchkey-2027-01-31.backup')
    .description('put a backup in place of the SQLite store, while no server runs')
    .argument('<file>', 'the backup')
    .option('--force', 'replace the store that is there')
    .action(async (file: string, { force = false }: { force?: boolean }, command: Command) => {
      refuseUrl(command)
      const config = await loadConfig(process.env)
      requireSqlite(config, 'pg_restore: pg_restore --clean --if-exists --dbname="$DATABASE_URL" latchkey.dump')
      const { restoreSqlite } = await import('../../store/sqlite-backup.ts')
      const source = resolve(file)
      await restoreSqlite(config.dataFolder, source, { force }).catch(refuse)
      outputOf(command).result(
        { file: source, data: config.dataFolder },
        `${config.dataFolder} has the store of ${source}. What was revoked since that backup is not revoked in it: revoke it again.`,
      )
    })
}
