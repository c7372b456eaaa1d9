// A sign-in on its way to an issuer and back: sealed in a cookie of the browser that began it, for ten minutes (RFC 9700 §4.7).
import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { FastifyReply } from 'fastify'
import type { FlowSecrets } from '../accounts/upstream/issuer.ts'
import type { SecretBox } from '../secret-box.ts'
import { readCookie, setCookie } from './cookies.ts'

const cookie = 'latchkey_upstream'
const lifetimeMs = 10 * 60_000
const context = 'upstream sign-in'

export interface Flow extends FlowSecrets {
  /** The issuer's. */
  name: string
  /** Where a sign-in leads; undefined: to the organizations. */
  returnTo?: string | undefined
  /** The session whose person wants to sign in by this issuer from now on; undefined: somebody signs in. */
  linkTo?: string | undefined
  /** Unix milliseconds. */
  startedAt: number
}

const random = (): string => randomBytes(32).toString('base64url')

export const newFlow = (given: Pick<Flow, 'name' | 'returnTo' | 'linkTo'>, now: number): Flow => ({
  ...given,
  state: random(),
  nonce: random(),
  verifier: random(),
  startedAt: now,
})

/** One at a time in a browser: a later one takes its place. */
export const keepFlow = (box: SecretBox, reply: FastifyReply, flow: Flow, secure: boolean): FastifyReply =>
  setCookie(reply, cookie, box.seal(Buffer.from(JSON.stringify(flow)), context), {
    secure,
    maxAgeSeconds: lifetimeMs / 1000,
  })

export const forgetFlow = (reply: FastifyReply, secure: boolean): FastifyReply =>
  setCookie(reply, cookie, '', { secure, maxAgeSeconds: 0 })

/** undefined: this browser has none, or it is over. */
export const readFlow = (
  box: SecretBox,
  request: IncomingMessage,
  { name, secure }: { name: string; secure: boolean },
  now: number,
): Flow | undefined => {
  const sealed = readCookie(request, cookie, secure)
  if (sealed === undefined) return undefined
  let flow: Flow
  try {
    flow = JSON.parse(box.open(sealed, context).toString()) as Flow
  } catch {
    return undefined
  }
  return flow.name === name && now < flow.startedAt + lifetimeMs ? flow : undefined
}
