// RFC 9449 §4.3, RFC 3986 §6.2: addresses of requests, brought to one spelling before they are compared.

const form = /^(https?):\/\/([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(\d{0,5}))?(\/[^?#]*)?(?:[?#].*)?$/i
const defaultPorts: Readonly<Record<string, string>> = { http: '80', https: '443' }
const unreserved = /[A-Za-z0-9._~-]/

/** RFC 3986 §5.2.4, for paths that begin with a slash. */
const withoutDotSegments = (path: string): string => {
  const kept: string[] = []
  const segments = path.split('/').slice(1)
  for (const [index, segment] of segments.entries()) {
    if (segment === '..') kept.pop()
    if (segment !== '.' && segment !== '..') kept.push(segment)
    else if (index === segments.length - 1) kept.push('')
  }
  return `/${kept.join('/')}`
}

/**
 * An http or https address without query and fragment: scheme and host in lower case, no default port, no needless escapes,
 * no dot segments, never an empty path. undefined: it is no such address, or names a user.
 */
export const normalTargetUri = (text: string): string | undefined => {
  if (/[^!-~]|\\|%(?![0-9a-f]{2})/i.test(text)) return undefined
  const [, scheme, host, port = '', path = '/'] = form.exec(text) ?? []
  if (scheme === undefined || host === undefined) return undefined
  const plain = scheme.toLowerCase()
  const shown = port === '' || Number(port) === Number(defaultPorts[plain]) ? '' : `:${Number(port)}`
  const unescaped = path.replace(/%[0-9a-f]{2}/gi, (found) => {
    const character = String.fromCharCode(Number.parseInt(found.slice(1), 16))
    return unreserved.test(character) ? character : found.toUpperCase()
  })
  return `${plain}://${host.toLowerCase()}${shown}${withoutDotSegments(unescaped)}`
}
