// Passwords that are tried before all others (OWASP ASVS 5.0 §6.2.4), as frequent-passwords.txt lists them.
import { readFileSync } from 'node:fs'

let listed: ReadonlySet<string> | undefined

const read = (): ReadonlySet<string> => {
  const lines = readFileSync(new URL('frequent-passwords.txt', import.meta.url), 'utf8').split('\n')
  return new Set(lines.filter((line) => line !== '' && !line.startsWith('#')))
}

/** Read at the first question: most processes of the command line never ask one. Upper and lower case are the same. */
export const isFrequentPassword = (password: string): boolean => {
  listed ??= read()
  return listed.has(password.toLowerCase())
}
