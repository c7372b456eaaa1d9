// What doctor looks at in the store. Nothing is made or changed: a store that a start would first make or migrate is only told of.
import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import type { Config } from '../../config/config.ts'
import { secretFile, settle } from '../../deployment.ts'
import { ConfigurationError } from '../../errors.ts'
import {
  type Migration,
  activityMigrations,
  mainMigrations,
  postgresActivityMigrations,
} from '../../store/migrations.ts'
import { openStore } from '../../store/open.ts'
import { activityFile, damagedRemedy, isDamaged, mainFile } from '../../store/sqlite.ts'
import type { Store } from '../../store/store.ts'
import { type Finding, fail, ok, warn } from './finding.ts'

const dayMs = 86_400_000

interface Ledger {
  done: readonly string[]
  migrations: readonly Migration[]
}

const readSqlite = (file: string, ledger: string): string[] => {
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    const known = database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(ledger)
    return known
      ? database
          .prepare(`SELECT name FROM ${ledger}`)
          .all()
          .map(({ name }) => String(name))
      : []
  } finally {
    database.close()
  }
}

const readPostgres = async (url: string): Promise<string[][]> => {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 3000, query_timeout: 3000 })
  client.on('error', () => {}) // told by the query
  await client.connect()
  try {
    const names: string[][] = []
    for (const ledger of ['migrations', 'activity_migrations']) {
      const { rows } = await client.query<{ found: string | null }>('SELECT to_regclass($1) AS found', [ledger])
      names.push(
        rows[0]?.found === null
          ? []
          : (await client.query<{ name: string }>(`SELECT name FROM ${ledger}`)).rows.map(({ name }) => name),
      )
    }
    return names
  } finally {
    await client.end()
  }
}

/** What has been applied to the store; undefined: there is none yet. */
const readLedgers = async ({ databaseUrl, dataFolder }: Config): Promise<Ledger[] | undefined> => {
  if (databaseUrl !== undefined) {
    const [main = [], activity = []] = await readPostgres(databaseUrl)
    return [
      { done: main, migrations: mainMigrations },
      { done: activity, migrations: postgresActivityMigrations },
    ]
  }
  if (!existsSync(mainFile(dataFolder))) return undefined
  return [
    { done: readSqlite(mainFile(dataFolder), 'migrations'), migrations: mainMigrations },
    {
      done: existsSync(activityFile(dataFolder)) ? readSqlite(activityFile(dataFolder), 'activity_migrations') : [],
      migrations: activityMigrations,
    },
  ]
}

const checkSchema = (ledgers: readonly Ledger[], where: string): Finding => {
  const unknown = ledgers.flatMap(({ done, migrations }) =>
    done.filter((name) => !migrations.some((migration) => migration.name === name)),
  )
  if (unknown.length > 0)
    return fail(
      'store',
      `${where} was made by a newer Latchkey (it has ${unknown.join(', ')}).`,
      'Run that version, or restore a backup made before it.',
    )
  const pending = ledgers.flatMap(({ done, migrations }) =>
    migrations.filter(({ name }) => !done.includes(name)).map(({ name }) => name),
  )
  if (pending.length > 0)
    return warn(
      'store',
      `${where} lacks ${pending.join(', ')}.`,
      'Run latchkey migrate, or start the server, which does so too.',
    )
  return ok('store', `${where} has the present schema.`)
}

const checkOperator = async ({ db }: Store): Promise<Finding> => {
  const operators = await db
    .selectFrom('users')
    .select('id')
    .where('operator', '=', 1)
    .where('suspended_at', 'is', null)
    .limit(1)
    .execute()
  return operators.length > 0
    ? ok('operator', 'There is one.')
    : warn(
        'operator',
        'Nobody can operate this deployment but the command line here.',
        'Open the set-up link that the server printed, or run latchkey users create --operator and then latchkey users link.',
      )
}

const checkSigningKeys = async ({ db }: Store, config: Config, now: number): Promise<Finding> => {
  const current = await db
    .selectFrom('signing_keys')
    .select(['algorithm', 'api', 'created_at'])
    .where('retired_at', 'is', null)
    .execute()
  const wanted = [
    ...(['ES256', 'RS256', 'EdDSA'] as const).map((algorithm) => ({ algorithm, api: null })),
    ...[...config.apis.values()]
      .filter(({ profile }) => profile.token.algorithm === 'HS256')
      .map(({ name }) => ({ algorithm: 'HS256' as const, api: name })),
  ]
  const called = ({ algorithm, api }: { algorithm: string; api: string | null }): string =>
    api === null ? algorithm : `${algorithm} of ${api}`
  const missing = wanted.filter(
    ({ algorithm, api }) => !current.some((key) => key.algorithm === algorithm && key.api === api),
  )
  if (missing.length > 0)
    return warn(
      'signing keys',
      `There is none for ${missing.map(called).join(', ')}.`,
      'Start the server: it makes them.',
    )
  const days = ({ created_at }: { created_at: number }): number => Math.floor((now - created_at) / dayMs)
  const told = current.map((key) => `${called(key)} (${days(key)} days)`).join(', ')
  const overdue = config.rotateAfterDays > 0 && current.some((key) => days(key) > config.rotateAfterDays)
  return overdue
    ? warn(
        'signing keys',
        `Rotation after ${config.rotateAfterDays} days is overdue: ${told}.`,
        'Run latchkey signing-keys rotate; a server that runs does so by itself.',
      )
    : ok('signing keys', told)
}

const checkClock = async ({ db }: Store, now: number): Promise<Finding> => {
  const { latest } = await db
    .selectFrom('audit')
    .select((eb) => eb.fn.max('at').as('latest'))
    .executeTakeFirstOrThrow()
  const ahead = latest === null ? 0 : latest - now
  return ahead > 60_000
    ? fail(
        'clock',
        `The store holds changes made ${Math.ceil(ahead / 1000)} seconds from now: the clock has gone back, or was ahead. Expiry and limits follow it.`,
        'Let the clock be kept by NTP (timedatectl set-ntp true).',
      )
    : ok('clock', new Date(now).toISOString())
}

/** Looks at the store, and answers the configuration in force with it. */
export const checkStore = async (config: Config, now: number): Promise<{ findings: Finding[]; config: Config }> => {
  const where = config.databaseUrl === undefined ? mainFile(config.dataFolder) : 'The Postgres database'
  let ledgers: Ledger[] | undefined
  try {
    ledgers = await readLedgers(config)
  } catch (error) {
    const reason = (error as Error).message || (error as NodeJS.ErrnoException).code
    const remedy =
      config.databaseUrl !== undefined
        ? 'Check DATABASE_URL, and that the database is up.'
        : isDamaged(error)
          ? damagedRemedy
          : 'Is it owned by another user?'
    return { findings: [fail('store', `${where} cannot be read: ${reason}.`, remedy)], config }
  }
  if (ledgers === undefined)
    return { findings: [ok('store', `There is none yet; the first start makes ${where}.`)], config }
  const schema = checkSchema(ledgers, where)
  if (schema.status !== 'ok') return { findings: [schema], config }
  const store = await openStore(config)
  try {
    const findings = [schema]
    // what a first start settles is not settled here
    const known = await store.db.selectFrom('settings').select('name').where('name', '=', 'secret_check').execute()
    let inForce = config
    if (known.length > 0 && config.secret === undefined && !existsSync(secretFile(config.dataFolder))) {
      findings.push(
        fail(
          'settings',
          `The secret of this store is gone: there is no ${secretFile(config.dataFolder)}.`,
          'Put it back, or set LATCHKEY_SECRET to it; what it sealed cannot be read without it.',
        ),
      )
    } else if (known.length > 0) {
      try {
        inForce = (await settle(config, store, { starts: false })).config
      } catch (error) {
        if (!(error instanceof ConfigurationError)) throw error
        findings.push(
          ...error.mistakes.map((mistake) =>
            fail('settings', mistake, 'The server does not start until this is mended.'),
          ),
        )
      }
    }
    findings.push(await checkOperator(store), await checkSigningKeys(store, inForce, now), await checkClock(store, now))
    return { findings, config: inForce }
  } finally {
    await store.close()
  }
}
