// Pages at which strangers ask to be mailed: answered before anything is looked up, so that neither text nor time tells who has an account,
// and held back by the network that it comes from. What one address is sent is bounded where it is taken (mail/outbox.ts).
import type { BlockList } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../config/config.ts'
import type { AfterAnswer } from '../http/after-answer.ts'
import { clientAddress, networkOf } from '../http/client-address.ts'
import { pageHeaders } from '../http/page.ts'
import { Throttle } from '../limits/throttle.ts'
import type { SharedMemory } from '../threads/memory.ts'
import type { Mailer } from '../mail/mailer.ts'
import { tooManyPage } from './joining-pages.ts'
import type { SignInDeps } from './login/finish-page.ts'

const hourMs = 60 * 60_000
/** From one network, and from all, in an hour. */
const mostOfNetwork = 40
const mostOfAll = 5_000

interface MailRequestsDeps {
  proxies: BlockList
  afterAnswer: AfterAnswer
  memory: SharedMemory
}

export class MailRequests {
  readonly #byNetwork: Throttle
  readonly #inAll: Throttle
  readonly #proxies: BlockList
  readonly #afterAnswer: AfterAnswer

  constructor({ proxies, afterAnswer, memory }: MailRequestsDeps) {
    this.#byNetwork = new Throttle({ most: mostOfNetwork, windowMs: hourMs, memory, name: 'mail by network' })
    this.#inAll = new Throttle({ most: mostOfAll, windowMs: hourMs, maxKeys: 1, memory, name: 'mail' })
    this.#proxies = proxies
    this.#afterAnswer = afterAnswer
  }

  /** Counts a request. Answers one that is too many, with a way `back`; undefined: it may go on. */
  refused({ raw }: FastifyRequest, reply: FastifyReply, back: string, now: number): FastifyReply | undefined {
    const network = networkOf(clientAddress(raw, this.#proxies))
    const waitMs = this.#byNetwork.waitFor(network, now) || this.#inAll.waitFor('all', now)
    if (waitMs === 0) return undefined
    const seconds = Math.ceil(waitMs / 1000)
    return reply.code(429).headers(pageHeaders()).header('retry-after', seconds).send(tooManyPage(seconds, back))
  }

  /** Sends the page, and does the work afterwards. */
  answer(reply: FastifyReply, page: string, work: () => Promise<void>): FastifyReply {
    this.#afterAnswer.run(reply, work)
    return reply.code(200).headers(pageHeaders()).send(page)
  }
}

/** Of the pages that mail is asked for at. */
export interface MailedDeps extends SignInDeps {
  config: SignInDeps['config'] & Pick<Config, 'mail'>
  mailer: Mailer
  requests: MailRequests
}
