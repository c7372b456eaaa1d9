// Fetch Metadata and Origin (RFC 6454 §7): whether a form comes from one of this server's own pages, by what the browser says of it.
import type { IncomingMessage } from 'node:http'

const hostnameOf = (url: string): string | undefined => (URL.canParse(url) ? new URL(url).hostname : undefined)

/**
 * False for a form that another site has posted. Browsers that say nothing pass, and so does the `null` that pages without
 * referrers have for an origin: the form's token decides in any case.
 */
export const isFromOwnPage = ({ headers }: IncomingMessage): boolean => {
  const { origin, host, 'sec-fetch-site': site } = headers
  if (site !== undefined && site !== 'same-origin') return false
  return origin === undefined || origin === 'null' || hostnameOf(origin) === hostnameOf(`http://${host}`)
}
