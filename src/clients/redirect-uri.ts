// RFC 6749 §3.1.2, RFC 8252 §7, RFC 9700 §2.1: where a client may have people sent back to. The dashboard holds forms to the same rule: nothing of Node here.
import { isLoopbackName } from '../config/base-url.ts'

export const maxRedirectUriLength = 2000
export const maxRedirectUris = 20

/** Letters of a domain name, or an address in brackets. The URL standard lets `;` and `,` into a host, which would be read as part of a policy (CSP 3 §2.2). */
const hostForm = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])$/

/** RFC 8252 §7.1: a domain name turned round, which therefore has a dot; `javascript:` and its like have none. */
const privateUseScheme = /^[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:$/

/** What is wrong with a redirect URI; undefined: nothing. It is kept and compared as it is, so that nothing is normalized. */
export const redirectUriMistake = (uri: string): string | undefined => {
  if (uri.length > maxRedirectUriLength) return `is longer than ${maxRedirectUriLength} characters`
  if (!/^[\x21-\x7e]+$/.test(uri) || /[\\"<>^`{|}]/.test(uri)) return 'has characters that a URI has not'
  if (uri.includes('#')) return 'has a fragment'
  const url = URL.canParse(uri) ? new URL(uri) : undefined
  if (!url) return 'is not an absolute URI'
  if (url.username !== '' || url.password !== '') return 'names a user'
  if (privateUseScheme.test(url.protocol)) return undefined
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    return 'must be https, http on a loopback host, or a scheme of your own such as com.example.app'
  // a browser takes https:host and https:///host for https://host
  if (!/^https?:\/\/[^/]/i.test(uri)) return 'is not an absolute URI'
  if (url.hostname.includes('*')) return 'has a wildcard; it is compared exactly'
  if (!hostForm.test(url.hostname)) return 'has characters in its host that a domain name has not'
  return url.protocol === 'http:' && !isLoopbackName(url.hostname)
    ? 'must be https: only loopback hosts may use http'
    : undefined
}

/** RFC 8252 §7.3: at the loopback interface an app takes whatever port is free. */
const loopback = /^(http:\/\/(?:127\.0\.0\.1|\[::1\]|localhost))(?::\d{1,5})?((?:[/?].*)?)$/
const withoutPort = (uri: string): string | undefined => {
  const found = loopback.exec(uri)
  return found ? `${found[1]}${found[2]}` : undefined
}

/** Where to send people who come with `given`: itself, where it is registered, letter by letter but for a loopback port (RFC 9700 §2.1); undefined: nowhere. */
export const matchRedirectUri = (registered: readonly string[], given: string): string | undefined => {
  if (registered.includes(given)) return given
  const portless = withoutPort(given)
  if (portless === undefined || redirectUriMistake(given) !== undefined) return undefined
  return registered.some((uri) => withoutPort(uri) === portless) ? given : undefined
}

/** As `redirectUriMistake`, of a page that people are to open. */
export const pageMistake = (uri: string): string | undefined =>
  redirectUriMistake(uri) ?? (/^https?:/i.test(uri) ? undefined : 'must be https')
