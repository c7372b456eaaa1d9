// What a deployment knows about itself besides its configuration: its secret, and the issuer that it began with.
import { randomBytes } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from './config/config.ts'
import { ConfigurationError } from './errors.ts'
import { SecretBox } from './secret-box.ts'
import type { Store } from './store/store.ts'

const minSecretLength = 32

export const secretFile = (folder: string): string => join(folder, 'secret')

/** LATCHKEY_SECRET, else the one in the data folder, made on first use (0600). Two processes that start at once agree on one. */
const obtainSecret = (config: Pick<Config, 'secret' | 'dataFolder'>): string => {
  if (config.secret !== undefined) return config.secret
  const path = secretFile(config.dataFolder)
  mkdirSync(config.dataFolder, { recursive: true, mode: 0o700 })
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  writeFileSync(draft, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600, flush: true })
  try {
    linkSync(draft, path) // fails where another process was first
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    rmSync(draft)
  }
  return readFileSync(path, 'utf8').trim()
}

/** Throws ConfigurationError for a file that somebody emptied or cut: everybody can make the keys that come from no secret. */
const readSecret = (config: Pick<Config, 'secret' | 'dataFolder'>): string => {
  const secret = obtainSecret(config)
  if (secret.length >= minSecretLength) return secret
  throw new ConfigurationError([
    `${secretFile(config.dataFolder)}: holds no secret of at least ${minSecretLength} characters; put the one back that this store was made with, or delete the file before the first start`,
  ])
}

/** The value of a setting, `initial` where there is none yet; `kept`: it is stored then. */
const setting = async (store: Store, name: string, initial: string, kept = true): Promise<string> => {
  const find = () => store.db.selectFrom('settings').select('value').where('name', '=', name).executeTakeFirst()
  const found = await find()
  if (found || !kept) return found?.value ?? initial
  return store.transaction(async (trx) => {
    await trx
      .insertInto('settings')
      .values({ name, value: initial })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .execute()
    return (await trx.selectFrom('settings').select('value').where('name', '=', name).executeTakeFirstOrThrow()).value
  })
}

/**
 * Holds configuration and store against each other. Returns the configuration with the issuer in force; throws ConfigurationError where they disagree.
 * `starts`: a first start fixes the issuer. The command line, which knows nothing of the server's PORT, leaves that to it.
 */
export const settle = async (
  config: Config,
  store: Store,
  { starts = true }: { starts?: boolean } = {},
): Promise<{ config: Config; box: SecretBox }> => {
  const box = new SecretBox(readSecret(config))
  const mistakes: string[] = []
  const check = box.hmac('latchkey secret check')
  if ((await setting(store, 'secret_check', check)) !== check) {
    const source = config.secret === undefined ? secretFile(config.dataFolder) : 'LATCHKEY_SECRET'
    mistakes.push(
      `${source}: is not the secret that this store was made with; put the former one back (what it sealed cannot be read without it)`,
    )
  }
  const issuer = await setting(store, 'issuer', config.issuer, starts)
  if (config.issuerExplicit && issuer !== config.issuer) {
    mistakes.push(
      `LATCHKEY_URL: is ${config.issuer}, but this store was made for ${issuer}, which its tokens and clients name as their issuer. Set LATCHKEY_URL=${issuer}, or move for good with \`latchkey migrate --issuer ${config.issuer}\` (tokens made before then end at once; API keys and personal tokens stay)`,
    )
  }
  if (mistakes.length > 0) throw new ConfigurationError(mistakes)
  return { config: issuer === config.issuer ? config : config.withIssuer(issuer), box }
}

/** Moves the deployment to another issuer (`latchkey migrate --issuer`). */
export const moveIssuer = async (store: Store, issuer: string): Promise<void> => {
  await store.transaction(async (trx) => {
    await trx
      .insertInto('settings')
      .values({ name: 'issuer', value: issuer })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ value: issuer }))
      .execute()
  })
}
