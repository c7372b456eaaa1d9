// Where a request really comes from: the nearest address that is not one of our own proxies.
import { type BlockList, isIP } from 'node:net'
import { plainAddress } from '../network.ts'
import type { RequestHead } from './short-way.ts'

/** Of an address as sockets tell it. */
const plain = (address: string): string =>
  address.startsWith('::ffff:') ? address.slice(7) : address.replace(/%.*/s, '')

export const isTrusted = (proxies: BlockList, address: string | undefined): boolean => {
  const bare = plain(address ?? '')
  const version = isIP(bare)
  return version !== 0 && proxies.check(bare, version === 6 ? 'ipv6' : 'ipv4')
}

/** The last address of X-Forwarded-For that is not a trusted proxy's; undefined: no trusted proxy says where the request came from. */
export const forwardedAddress = ({ headers, socket }: RequestHead, proxies: BlockList): string | undefined => {
  const forwarded = headers['x-forwarded-for']
  if (forwarded === undefined || !isTrusted(proxies, socket.remoteAddress)) return undefined
  const hops = (Array.isArray(forwarded) ? forwarded.join(',') : forwarded).split(',').slice(-50)
  let address: string | undefined
  for (const hop of hops.toReversed()) {
    const candidate = plainAddress(hop.trim())
    if (candidate === undefined) return address
    address = candidate
    if (!isTrusted(proxies, candidate)) return address
  }
  return address
}

/** The caller's address: the socket's, or, where that is a trusted proxy, the one that it was forwarded for. */
export const clientAddress = (request: RequestHead, proxies: BlockList): string =>
  forwardedAddress(request, proxies) ?? plain(request.socket.remoteAddress ?? '')

/** What one caller may have as many addresses of as it likes: of IPv6 the first 64 bits (RFC 4291 §2.5.4), of IPv4 the address itself. */
export const networkOf = (address: string): string => {
  if (isIP(address) !== 6) return address
  const [before = '', after = ''] = address.split('::')
  const groups = [before, after].map((part) => (part === '' ? [] : part.split(':')))
  const [first = [], last = []] = groups
  const zeros = address.includes('::') ? Math.max(0, 8 - first.length - last.length) : 0
  return [...first, ...Array.from({ length: zeros }, () => '0'), ...last].slice(0, 4).join(':')
}
