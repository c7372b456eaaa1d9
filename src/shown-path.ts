// Paths as people may read them, in the log and in the dashboard: callers put credentials into them by mistake.

const id = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const maybeSecret = /^(?:(?=[^\d]*\d).{20,}|.{40,})$/s
const hidden = '…'

/** Without the query, and without the segments that may be a secret; ids stay. At most `maxLength` characters. */
export const shownPath = (target: string, maxLength: number): string => {
  const path = target.split('?', 1)[0] ?? ''
  const isCut = path.length > 4 * maxLength
  // not in the middle of a segment: what is left of a secret may not look like one
  const read = isCut ? path.slice(0, Math.max(0, path.lastIndexOf('/', 4 * maxLength))) : path
  const shown = read
    .split('/')
    .map((segment) => (maybeSecret.test(segment) && !id.test(segment) ? hidden : segment))
    .join('/')
  return isCut || shown.length > maxLength ? `${shown.slice(0, maxLength - 1)}${hidden}` : shown
}
