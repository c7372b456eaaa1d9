// Whether what a token was made from still bears it: asked of tokens that nobody presents, by the same rules as of those that somebody does.
import type { Lookups } from '../store/store.ts'
import type { AccessClaims } from '../tokens/claims.ts'
import type { Origin } from './origin.ts'
import { standingOf } from './principal.ts'

export interface TokenFoundation {
  kind: 'client' | 'grant' | 'credential'
  id: string
  /** The organization that the token was made for. */
  organizationId: string | undefined
}

/** Why no token that was made from it is good any more, as far as can be told without the token; undefined: they stand. */
export const whyTokenEnded = async (
  lookups: Lookups,
  foundation: TokenFoundation,
  now: number,
): Promise<string | undefined> => {
  const origin = await originOf(lookups, foundation)
  if (!origin) return 'What the token was made from is gone.'
  const { ended, expiresAt, memberships } = standingOf(origin)
  if (ended !== undefined) return ended
  if (expiresAt !== null && expiresAt <= now) return 'What the token was made from has ended.'
  const { organizationId } = foundation
  return organizationId !== undefined && memberships && !memberships.has(organizationId)
    ? 'The person is no member of the organization any more.'
    : undefined
}

/** What a token says that is not there, as far as it follows from its foundation. */
const claimsOf = (claims: Pick<AccessClaims, 'subject' | 'organizationId'> & Partial<AccessClaims>): AccessClaims => ({
  format: 'jwt',
  issuer: '',
  audience: [],
  issuedAt: 0,
  expiresAt: Infinity,
  id: '',
  ...claims,
})

const originOf = async (
  lookups: Lookups,
  { kind, id, organizationId }: TokenFoundation,
): Promise<Origin | undefined> => {
  if (kind === 'credential') {
    const credential = await lookups.credentialById(id)
    return credential && { kind: 'jwt', credential, claims: claimsOf({ subject: credential.userId, organizationId }) }
  }
  const grant = kind === 'grant' ? await lookups.grantById(id) : undefined
  if (kind === 'grant' && !grant) return undefined
  const client = await lookups.clientById(grant ? grant.clientId : id)
  const claims = claimsOf({ subject: grant ? grant.userId : id, grantId: grant?.id, organizationId })
  return client && { kind: 'oauth_token', client, grant, claims }
}
