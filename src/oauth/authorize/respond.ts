// RFC 6749 §4.1.2, §4.1.2.1, RFC 9207, RFC 9700 §4.11.2: how the answer gets to the client, through the browser.
import type { OAuthError } from '../errors.ts'
import type { ReplyTo } from './request.ts'

/** Parameters of the answer, in their order. */
export type AnswerParameters = Record<string, string>

const withContext = (issuer: string, { state }: ReplyTo, parameters: AnswerParameters): AnswerParameters => ({
  ...parameters,
  ...(state !== undefined && { state }),
  iss: issuer,
})

export const codeAnswer = (issuer: string, to: ReplyTo, code: string): AnswerParameters =>
  withContext(issuer, to, { code })

export const errorAnswer = (issuer: string, to: ReplyTo, { error, description }: OAuthError): AnswerParameters =>
  withContext(issuer, to, { error, error_description: description })

/** The redirect URI with the parameters behind what query it has (RFC 6749 §3.1.2). */
export const redirectTarget = ({ redirectUri }: Pick<ReplyTo, 'redirectUri'>, parameters: AnswerParameters): string =>
  `${redirectUri}${redirectUri.includes('?') ? '&' : '?'}${new URLSearchParams(parameters).toString()}`

/**
 * RFC 9700 §4.11.2: whether the address is a site that nobody but a stranger vouches for. Anybody could make such a client to have
 * people led there from here, so that they are not unless they have been told. An app on their own machine is no site.
 */
export const isOfStranger = ({ client, redirectUri }: Pick<ReplyTo, 'client' | 'redirectUri'>): boolean =>
  client.organization === null && client.registration !== 'built_in' && /^https:/i.test(redirectUri)

/** What the page's policy must let its form lead to: an origin, or a scheme: of an app of its own, and of an IPv6 address, which a policy cannot name (CSP 3 §2.3.1). */
export const formTarget = (redirectUri: string): string => {
  const { origin, protocol, hostname } = new URL(redirectUri)
  return origin === 'null' || hostname.startsWith('[') ? protocol : origin
}
