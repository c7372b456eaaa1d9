// Base URLs of a Latchkey: https, or http where what is sent stays on this machine.
import { isIP } from 'node:net'

export const isLoopbackName = (hostname: string): boolean =>
  hostname === 'localhost' ||
  hostname === '[::1]' ||
  hostname === '::1' ||
  (isIP(hostname) === 4 && hostname.startsWith('127.'))

/** Names that lead nowhere but to this machine. */
export const isThisMachine = (hostname: string): boolean => isLoopbackName(hostname) || hostname.endsWith('.localhost')

/** The origin, without a trailing slash; or what is wrong: it is no base URL, or it needs https. */
export const readBaseUrl = (text: string): { origin: string } | { mistake: 'form' | 'https' } => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const bare = url && url.pathname === '/' && !url.search && !url.hash && !url.username && !url.password
  if (!bare || !['http:', 'https:'].includes(url.protocol)) return { mistake: 'form' }
  return url.protocol === 'http:' && !isThisMachine(url.hostname) ? { mistake: 'https' } : { origin: url.origin }
}
