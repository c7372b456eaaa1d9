// Who asks for passkeys (WebAuthn Level 3 §5.4.2): they are made for the issuer's host, and work on it alone.
import { isIP } from 'node:net'
import { Refusal } from '../../errors.ts'

export interface RelyingParty {
  /** A host name. */
  id: string
  /** Of the pages where passkeys are used. */
  origin: string
  name: string
}

/** undefined: the issuer is an address, and passkeys need a name. */
export const relyingParty = (issuer: string): RelyingParty | undefined => {
  const { hostname, origin } = new URL(issuer)
  return isIP(hostname) !== 0 || hostname.startsWith('[') ? undefined : { id: hostname, origin, name: 'Latchkey' }
}

/** Throws `conflict` where this deployment has no name that passkeys could be made for. */
export const requireParty = (issuer: string): RelyingParty => {
  const party = relyingParty(issuer)
  if (!party) throw new Refusal('conflict', 'Passkeys need a host name, and this Latchkey is reached by an address.')
  return party
}
