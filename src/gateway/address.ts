// RFC 9449 §4.3: the address that a caller called, made of the configuration: a request's own words for scheme and port count nowhere.
import type { Api } from '../config/config.ts'

/** The origin of a host that the configuration names: scheme and port are those of the issuer. */
export const originAt = (issuer: string, host: string): string => {
  const { protocol, port } = new URL(issuer)
  return `${protocol}//${host}${port && `:${port}`}`
}

/**
 * The origin of `api` at a host that a proxy has told: one of the API's own, or that of its identifier, for an API that is
 * reached through proxies alone. undefined: it is neither, and may be whatever a caller wrote.
 */
export const toldOrigin = (issuer: string, { hosts, audience }: Api, host: string): string | undefined => {
  if (hosts.includes(host)) return originAt(issuer, host)
  const identifier = URL.canParse(audience) ? new URL(audience) : undefined
  return identifier?.hostname === host ? identifier.origin : undefined
}
