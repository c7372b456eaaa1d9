// Which addresses that a stranger names may be asked, and where they lead: names of the public Internet, looked up and checked here
// (draft-ietf-oauth-client-id-metadata-document-02 §8.6, §8.7; OWASP: Server-Side Request Forgery).
import { Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'
import { isThisMachine } from '../config/base-url.ts'
import { isPublicAddress } from './public-address.ts'

/** Every address of a name. */
export type Resolve = (hostname: string) => Promise<readonly string[]>

const maxUrlLength = 2000

/** Whether addresses of this machine may be fetched: only where the deployment itself is nowhere else, for development. */
const reachesItself = (issuer: string): boolean => isThisMachine(new URL(issuer).hostname)

/**
 * What is wrong with an address that a stranger names, for a deployment of this issuer; undefined: nothing. Names and port 443 alone, so
 * that this server cannot be sent to knock at other ports. It must be spelled as browsers spell it: nobody may read it otherwise.
 */
export const fetchMistake = (issuer: string, text: string): string | undefined => {
  if (text.length > maxUrlLength) return `is longer than ${maxUrlLength} characters`
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url) return 'is not a URL'
  if (url.href !== text) return 'is not in its normal spelling, or has no path'
  if (text.includes('#')) return 'has a fragment'
  if (url.username !== '' || url.password !== '') return 'names a user'
  if (reachesItself(issuer) && isThisMachine(url.hostname) && /^https?:$/.test(url.protocol)) return undefined
  if (url.protocol !== 'https:') return 'must be https'
  if (
    isIP(url.hostname.replace(/^\[(.*)\]$/, '$1')) !== 0 ||
    !url.hostname.includes('.') ||
    isThisMachine(url.hostname)
  )
    return 'must name a host of the public Internet'
  return url.port === '' ? undefined : 'must use port 443'
}

/** A refusal to go on; anything else that is thrown on the way is the network's. */
export class Unfit extends Error {}

export const resolver = (): Resolve => {
  const dns = new Resolver({ timeout: 1000, tries: 2 }) // not the system's look-up, whose few threads a slow name server would hold
  return async (hostname) => {
    const answers = await Promise.allSettled([dns.resolve4(hostname), dns.resolve6(hostname)])
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
  }
}

/** Where to connect. One forbidden address among others is a trap, and all are refused. Throws Unfit. */
export const addressOf = async (hostname: string, resolve: Resolve, deadline: AbortSignal): Promise<string> => {
  if (isThisMachine(hostname)) return hostname === '[::1]' ? '::1' : isIP(hostname) === 4 ? hostname : '127.0.0.1'
  const late = new Promise<never>((_resolve, reject) =>
    deadline.addEventListener('abort', () => reject(new Unfit('late'))),
  )
  const addresses = await Promise.race([resolve(hostname), late])
  const [address] = addresses
  if (address === undefined) throw new Unfit('its host has no address')
  if (!addresses.every(isPublicAddress)) throw new Unfit('its host is not on the public Internet')
  return address
}
