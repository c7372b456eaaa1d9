// Paths and agents as people may read them: callers put credentials into both by mistake.

const maxPath = 200
const maxAgent = 200
const hidden = '…'

/** A run that no word has: part of a key, a token, or a signature. A UUID is no secret, and has shorter runs. */
const secretRun = /[A-Za-z0-9+/=]{20,}/

/** Without the segments that may hold a secret. */
export const shownPath = (path: string): string => {
  const read = path.slice(0, 4 * maxPath)
  const shown = read
    .split('/')
    .map((segment) => (secretRun.test(segment) && /\d/.test(segment) ? hidden : segment))
    .join('/')
  return shown.length > maxPath || path.length > read.length ? `${shown.slice(0, maxPath)}${hidden}` : shown
}

/** Without the words that may hold a secret, and without what does not print. */
export const shownAgent = (userAgent: string): string =>
  userAgent
    .slice(0, 4 * maxAgent)
    .replaceAll(/[^\x20-\x7e]/g, '?')
    .split(' ')
    .map((word) => (secretRun.test(word) && /\d/.test(word) ? hidden : word))
    .join(' ')
    .slice(0, maxAgent)
