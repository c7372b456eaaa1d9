// What is known of whoever sends a request: read only where somebody asks for it, as most judgements are made without.
import type { BlockList } from 'node:net'
import type { CallerFacts } from '../verify/decision.ts'
import { clientAddress, forwardedAddress } from './client-address.ts'
import type { RequestHead } from './short-way.ts'

interface Facts {
  proxies: BlockList
  method?: string | undefined
  /** Without the query. */
  path?: string | undefined
  requestId: string
}

class FactsOf implements CallerFacts {
  readonly method: string | undefined
  readonly path: string | undefined
  readonly requestId: string
  readonly #request: RequestHead
  readonly #addressOf: () => string | undefined
  #ip: string | undefined | null = null

  constructor(request: RequestHead, { method, path, requestId }: Facts, addressOf: () => string | undefined) {
    this.method = method
    this.path = path
    this.requestId = requestId
    this.#request = request
    this.#addressOf = addressOf
  }

  get ip(): string | undefined {
    if (this.#ip === null) this.#ip = this.#addressOf()
    return this.#ip
  }

  get userAgent(): string | undefined {
    return this.#request.headers['user-agent']
  }
}

/** Of a request that its caller sends to Latchkey, through trusted proxies or directly. */
export const callerOf = (request: RequestHead, facts: Facts): CallerFacts =>
  new FactsOf(request, facts, () => clientAddress(request, facts.proxies))

/** Of a request that a proxy asks about: where it came from is what a trusted proxy says, never the proxy's own address. */
export const describedCallerOf = (request: RequestHead, facts: Facts): CallerFacts =>
  new FactsOf(request, facts, () => forwardedAddress(request, facts.proxies))

/** The path of a request target. */
export const pathOf = (target: string): string => {
  const query = target.indexOf('?')
  return query === -1 ? target : target.slice(0, query)
}
