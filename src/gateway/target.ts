// RFC 9112 §3.2, RFC 3986 §3.3 and §6.2: the request target and the Host of a request, read strictly and brought to one spelling.
import { isIPv6 } from 'node:net'

export interface Target {
  /** In normal form: begins with `/`, unreserved characters unescaped, other escapes in upper case. */
  path: string
  /** As it was sent, with its `?`; empty where there is none. */
  query: string
}

export type Malformed = { malformed: string }

/** Paths that are in normal form already, which nearly all are: no escapes, and no segment that begins with a dot. */
const plainPath = /^(?:\/[A-Za-z0-9_~!$&'()*+,=:@-][A-Za-z0-9._~!$&'()*+,=:@-]*)*\/?$/
const unreserved = /[A-Za-z0-9._~-]/
const escape = /%[0-9a-f]{2}/gi

/**
 * Different servers read these differently, so that what was matched here would not be what an upstream serves:
 * escaped slashes, backslashes, dot segments (also with parameters: `/..;/`), empty segments, control characters, broken UTF-8.
 */
const normalPath = (raw: string): string | Malformed => {
  if (/[^!-~]|[\\#]/.test(raw))
    return {
      malformed:
        'The path holds a backslash, "#", a space, a control character or one that is not ASCII. Percent-encode what belongs to it.',
    }
  if (/%(?![0-9a-f]{2})/i.test(raw)) return { malformed: 'The path holds a "%" that is no percent-encoding.' }
  if (/%(?:2f|5c|[01][0-9a-f]|7f)/i.test(raw))
    return { malformed: 'The path holds an encoded slash, backslash or control character.' }
  const path = raw.replace(escape, (found) => {
    const character = String.fromCharCode(Number.parseInt(found.slice(1), 16))
    return unreserved.test(character) ? character : found.toUpperCase()
  })
  let decoded: string
  try {
    decoded = decodeURIComponent(path)
  } catch {
    return { malformed: 'The path is not UTF-8.' }
  }
  const segments = decoded.split('/').slice(1)
  if (segments.some((segment) => /^\.\.?(?:;|$)/.test(segment))) return { malformed: 'The path holds a dot segment.' }
  if (segments.slice(0, -1).includes('')) return { malformed: 'The path holds an empty segment.' }
  return path
}

/** Takes a target in origin form apart. */
export const parseTarget = (target: string): Target | Malformed => {
  const at = target.indexOf('?')
  const raw = at === -1 ? target : target.slice(0, at)
  const query = at === -1 ? '' : target.slice(at)
  if (!raw.startsWith('/')) return { malformed: 'The request target must be a path.' }
  if (/[\x00-\x20\x7f#]/.test(query)) return { malformed: 'The query holds "#", a space or a control character.' }
  const path = plainPath.test(raw) ? raw : normalPath(raw)
  return typeof path === 'string' ? { path, query } : path
}

/** From absolute form (RFC 9112 §3.2.2), whose authority must be the Host, to origin form; other targets are returned as they are. */
export const originForm = (target: string, host: string): string => {
  const [, authority, rest = ''] = /^https?:\/\/([^/?#]*)(.*)$/is.exec(target) ?? []
  if (authority?.toLowerCase() !== host.toLowerCase()) return target
  return rest.startsWith('/') ? rest : `/${rest}`
}

const hostForm = /^([a-z0-9_.-]{1,254}|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/

/** The host name of a `Host` value (RFC 9110 §7.2): lower case, without port and trailing dot, IPv6 in its shortest form with brackets; undefined: malformed. */
export const hostName = (value: string): string | undefined => {
  const name = hostForm.exec(value.toLowerCase())?.[1]
  if (name === undefined) return undefined
  if (name.startsWith('[')) return isIPv6(name.slice(1, -1)) ? new URL(`http://${name}`).hostname : undefined
  const bare = name.endsWith('.') ? name.slice(0, -1) : name
  return bare === '' ? undefined : bare
}

/** The one `Host` of a request; undefined where there is none. Repeated ones come joined by commas, which no host name holds. */
export const requestHost = (rawHeaders: readonly string[]): string | undefined => {
  let found: string | undefined
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    if (name.length === 4 && name.toLowerCase() === 'host')
      found = found === undefined ? (rawHeaders[i + 1] as string) : `${found},${rawHeaders[i + 1]}`
  }
  return found
}
