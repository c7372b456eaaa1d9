// What `latchkey login` keeps: for each server a personal access token or a sign-in, in a file that only its owner can read.
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { Refusal } from '../errors.ts'
import { formatTime, parseTime } from '../rfc3339.ts'
import { alone } from './alone.ts'

/** A sign-in by device code, which renews itself. */
export interface SignIn {
  accessToken: string
  refreshToken: string
  /** Of the access token, Unix milliseconds. */
  expiresAt: number
}

export type StoredCredential = { token: string } | SignIn

/** $XDG_CONFIG_HOME/latchkey/credentials.json, by the XDG Base Directory Specification. */
export const credentialsFile = (env: NodeJS.ProcessEnv): string =>
  join(env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'latchkey', 'credentials.json')

/** An entry of the file; what is none is passed over. */
const parseEntry = (entry: Record<string, unknown>): StoredCredential | undefined => {
  const { token, access_token: accessToken, refresh_token: refreshToken, expires_at: expires } = entry
  if (typeof token === 'string') return { token }
  if (typeof accessToken !== 'string' || typeof refreshToken !== 'string' || typeof expires !== 'string')
    return undefined
  return { accessToken, refreshToken, expiresAt: parseTime(expires) ?? 0 }
}

const formatEntry = (credential: StoredCredential): object =>
  'token' in credential
    ? credential
    : {
        access_token: credential.accessToken,
        refresh_token: credential.refreshToken,
        expires_at: formatTime(credential.expiresAt),
      }

const readAll = async (path: string): Promise<Map<string, StoredCredential>> => {
  let text: string
  try {
    text = await readFile(path, 'utf8')
    const { mode } = await stat(path)
    if (process.platform !== 'win32' && (mode & 0o077) !== 0)
      throw new Refusal(
        'forbidden',
        `${path} can be read by others, so the tokens in it may be known. Revoke them, or if they are safe: chmod 600 ${path}`,
      )
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map()
    throw error
  }
  const found = new Map<string, StoredCredential>()
  try {
    for (const [url, entry] of Object.entries(JSON.parse(text) as Record<string, Record<string, unknown>>)) {
      const credential = parseEntry(entry)
      if (credential) found.set(url, credential)
    }
  } catch {
    throw new Refusal('invalid_request', `${path} is damaged. Delete it and sign in again with latchkey login.`)
  }
  return found
}

/** Replaces the file whole, so that a crash leaves the former one. */
const writeAll = async (path: string, credentials: ReadonlyMap<string, StoredCredential>): Promise<void> => {
  const entries = [...credentials].map(([url, credential]) => [url, formatEntry(credential)] as const)
  const draft = `${path}.${process.pid}`
  try {
    const file = await open(draft, 'wx', 0o600)
    try {
      await file.writeFile(`${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(draft, path)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
}

/** What is kept for the server at `url`, or undefined. Throws Refusal where the file is damaged or open to others. */
export const storedCredential = async (url: string): Promise<StoredCredential | undefined> =>
  (await readAll(credentialsFile(process.env))).get(url)

/**
 * Puts what `change` makes of what is kept for `url` in its place (undefined: nothing), and answers both once that is on the disk.
 * Other commands wait meanwhile, so that each sees what the one before it has written.
 */
export const changeStored = async (
  url: string,
  change: (
    before: StoredCredential | undefined,
  ) => StoredCredential | undefined | Promise<StoredCredential | undefined>,
): Promise<{ before: StoredCredential | undefined; after: StoredCredential | undefined }> => {
  const path = credentialsFile(process.env)
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  return alone(`${path}.lock`, async () => {
    const all = await readAll(path)
    const before = all.get(url)
    const after = await change(before)
    if (after !== before) {
      if (after) all.set(url, after)
      else all.delete(url)
      await writeAll(path, all)
    }
    return { before, after }
  })
}
