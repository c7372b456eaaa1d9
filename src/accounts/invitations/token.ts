// The link of an invitation. The one that is mailed carries a proof beside its token, which whoever invites never sees: only that one shows
// that the mail of the invited address is read, and the address counts as verified.
import { timingSafeEqual } from 'node:crypto'
import { hashOf, makeSecret } from '../../credentials/format.ts'
import type { SecretBox } from '../../secret-box.ts'

const form = /^(in_[\w-]{43})(?:~([0-9a-f]{64}))?$/

const proofOf = (box: SecretBox, token: string): string => box.hmac(JSON.stringify(['invitation proof', token]))

export const makeInvitationToken = (): { token: string; hash: string } => {
  const token = makeSecret('in_')
  return { token, hash: hashOf(token) }
}

/** What is told to whoever invites. */
export const invitationUrl = (issuer: string, token: string): string => `${issuer}/invitations/${token}`

/** What is mailed to the invited address. */
export const provenUrl = (box: SecretBox, issuer: string, token: string): string =>
  `${invitationUrl(issuer, token)}~${proofOf(box, token)}`

export interface ReadToken {
  hash: string
  /** It was mailed, and the mail was read. */
  proven: boolean
}

/** undefined: no such link was ever made. */
export const readInvitationToken = (box: SecretBox, text: string): ReadToken | undefined => {
  const [, token, proof] = form.exec(text) ?? []
  if (token === undefined) return undefined
  if (proof === undefined) return { hash: hashOf(token), proven: false }
  return timingSafeEqual(Buffer.from(proof), Buffer.from(proofOf(box, token)))
    ? { hash: hashOf(token), proven: true }
    : undefined
}
