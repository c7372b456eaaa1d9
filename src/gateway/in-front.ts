// Hosts decide first: what is not for Latchkey itself is served on node:http, and never reaches the framework.
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Gateway } from './gateway.ts'
import type { Site } from './sites.ts'
import { hasBody } from './upstream-headers.ts'

/**
 * Puts the gateway in front of the framework's listener, and lets it have the server's upgrades and expectations. Returns what
 * stops it: upgraded connections end, and whatever else comes is the framework's to refuse.
 */
export const putGatewayInFront = (
  http: Server,
  gateway: Gateway,
  siteOf: (request: IncomingMessage) => Site,
): (() => void) => {
  const [framework] = http.listeners('request') as ((request: IncomingMessage, response: ServerResponse) => void)[]
  if (!framework) throw new Error('The framework does not listen.')
  let open = true
  http.removeAllListeners('request').on('request', (request: IncomingMessage, response: ServerResponse) => {
    const site = open ? siteOf(request) : undefined
    if (!site || site.kind === 'builtin' || site.kind === 'management') framework(request, response)
    else gateway.serve(request, hasBody(request) ? request : undefined, response, site)
  })
  http.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    if (!gateway.holdBody(request)) response.writeContinue()
    http.emit('request', request, response)
  })
  // undocumented on the server, documented as its option: what is not upgraded is served as an ordinary request
  Object.assign(http, { shouldUpgradeCallback: gateway.isUpgraded })
  http.on('upgrade', gateway.handleUpgrade)
  return () => {
    open = false
    gateway.stop()
  }
}
