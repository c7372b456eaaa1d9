// Base URLs of a Latchkey: https, or http where what is sent stays on this machine.

/** 127.0.0.0/8, as a URL writes it. */
const loopbackAddress = /^127(?:\.(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}$/

export const isLoopbackName = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || hostname === '::1' || loopbackAddress.test(hostname)

/** Names that lead nowhere but to this machine. */
export const isThisMachine = (hostname: string): boolean => isLoopbackName(hostname) || hostname.endsWith('.localhost')

/** The origin, without a trailing slash; or what is wrong: it is no base URL, or it needs https. */
export const readBaseUrl = (text: string): { origin: string } | { mistake: 'form' | 'https' } => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const bare = url && url.pathname === '/' && !url.search && !url.hash && !url.username && !url.password
  if (!bare || !['http:', 'https:'].includes(url.protocol)) return { mistake: 'form' }
  return url.protocol === 'http:' && !isThisMachine(url.hostname) ? { mistake: 'https' } : { origin: url.origin }
}
