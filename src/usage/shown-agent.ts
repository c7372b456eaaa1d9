// A User-Agent as people may read it: callers put credentials into it by mistake.

const maxAgent = 200
const hidden = '…'

/** A run that no word has: part of a key, a token, or a signature. A UUID is no secret, and has shorter runs. */
const secretRun = /[A-Za-z0-9+/=]{20,}/

/** Without the words that may hold a secret, and without what does not print. */
export const shownAgent = (userAgent: string): string =>
  userAgent
    .slice(0, 4 * maxAgent)
    .replaceAll(/[^\x20-\x7e]/g, '?')
    .split(' ')
    .map((word) => (secretRun.test(word) && /\d/.test(word) ? hidden : word))
    .join(' ')
    .slice(0, maxAgent)
