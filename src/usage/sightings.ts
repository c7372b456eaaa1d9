// From where, with what and for what a credential is used, in words that stay few and hold no secret.
import { networkAround } from '../network.ts'
import { Known } from './known.ts'

/** Of one kind for one credential; the coldest go. */
export const maxSightings = 20

const maxLength = 60

/** Longer than any word: a key, a token, or an id. */
const looksRandom = /[A-Za-z0-9]{24}/

/** What a User-Agent, of whatever length, is called: its product and version (RFC 9110 §10.1.5); of a browser its name. */
const readAgent = (userAgent: string): string => {
  const text = userAgent.slice(0, 400)
  const browser = text.startsWith('Mozilla/') && /\b(Edg|OPR|Firefox|Chrome|Version)\/(\d{1,4})/.exec(text)
  if (browser) return `${browserNames[browser[1] as string] as string} ${browser[2] as string}`
  const [product = ''] = text.trim().split(/[\s(;,]/, 1)
  const shown = product.replaceAll(/[^\w.+/@:-]/g, '').slice(0, maxLength)
  return shown === '' ? 'unnamed' : looksRandom.test(shown) ? 'unreadable' : shown
}

const browserNames: Readonly<Record<string, string>> = {
  Edg: 'Edge',
  OPR: 'Opera',
  Firefox: 'Firefox',
  Chrome: 'Chrome',
  Version: 'Safari',
}

/** A word that names a kind of thing, and not one of them: letters, with at most a short number (`v1.2`, `oauth2`). */
const isWord = /^(?:v\d{1,3}(?:\.\d{1,3})*|[A-Za-z_.~-]*\d{0,2}[A-Za-z_.~-]*)$/

const shownSegment = (segment: string): string =>
  segment.length <= 32 && isWord.test(segment) && !looksRandom.test(segment) ? segment : ':id'

/** A path to the end of its second segment. */
export const beginningOf = (path: string): string => {
  const second = path.indexOf('/', 1)
  const third = second === -1 ? -1 : path.indexOf('/', second + 1)
  return third === -1 ? path : path.slice(0, third)
}

/** The beginning of a path, with ids left out. */
const readBeginning = (beginning: string): string => beginning.slice(0, 400).split('/').map(shownSegment).join('/')

const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'QUERY'])

const networks = new Known((address) => networkAround(address, { ipv4: 24, ipv6: 48 }))
const agents = new Known(readAgent)
const beginnings = new Known(readBeginning)

/** The network of an address, as in `203.0.113.0/24`. */
export const networkOf = (address: string): string =>
  address.includes(':') ? networks.of(address) : `${address.slice(0, address.lastIndexOf('.'))}.0/24`

export const agentOf = (userAgent: string): string => agents.of(userAgent)

/** As in `zones GET /api/zones`. */
export const endpointOf = (api: string, method: string, beginning: string): string =>
  `${api} ${methods.has(method) ? method : 'OTHER'} ${beginnings.of(beginning)}`
