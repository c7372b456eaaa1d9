// What `latchkey login` keeps: one personal access token for each server, in a file that only its owner can read.
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { Refusal } from '../errors.ts'

/** $XDG_CONFIG_HOME/latchkey/credentials.json, by the XDG Base Directory Specification. */
export const credentialsFile = (env: NodeJS.ProcessEnv): string =>
  join(env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'latchkey', 'credentials.json')

const readAll = async (path: string): Promise<Map<string, string>> => {
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
  const found = new Map<string, string>()
  try {
    for (const [url, entry] of Object.entries(JSON.parse(text) as Record<string, { token?: unknown }>)) {
      if (typeof entry.token === 'string') found.set(url, entry.token)
    }
  } catch {
    throw new Refusal('invalid_request', `${path} is damaged. Delete it and sign in again with latchkey login.`)
  }
  return found
}

/** Replaces the file whole, so that a crash leaves the former one. */
const writeAll = async (path: string, tokens: ReadonlyMap<string, string>): Promise<void> => {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const draft = `${path}.${process.pid}`
  try {
    const file = await open(draft, 'wx', 0o600)
    try {
      await file.writeFile(
        `${JSON.stringify(Object.fromEntries([...tokens].map(([url, token]) => [url, { token }])), null, 2)}\n`,
      )
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

/** The token for the server at `url`, or undefined. Throws Refusal where the file is damaged or open to others. */
export const storedToken = async (url: string): Promise<string | undefined> =>
  (await readAll(credentialsFile(process.env))).get(url)

export const storeToken = async (url: string, token: string): Promise<void> => {
  const path = credentialsFile(process.env)
  await writeAll(path, (await readAll(path)).set(url, token))
}

/** Forgets the token for `url`; false: there was none. */
export const forgetToken = async (url: string): Promise<boolean> => {
  const path = credentialsFile(process.env)
  const tokens = await readAll(path)
  if (!tokens.delete(url)) return false
  await writeAll(path, tokens)
  return true
}
