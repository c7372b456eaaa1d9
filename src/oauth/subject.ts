// OpenID Connect Core §8: what a client knows a person by in id_tokens and at the userinfo endpoint.
import { isLoopbackName } from '../config/config.ts'
import type { SecretBox } from '../secret-box.ts'
import type { ClientRecord } from '../store/store.ts'

/** The sector identifier (§8.1): the one host that the client sends people back to. Without one of its own the client is a sector by itself. */
const sectorOf = ({ id, redirectUris }: ClientRecord): string => {
  const [host = '', ...others] = new Set(redirectUris.map((uri) => new URL(uri).hostname))
  return host === '' || others.length > 0 || isLoopbackName(host) ? id : host
}

/** Public: the user's id. Pairwise: the same at every client of a sector, and to other sectors nobody's (§8.1). */
export const subjectOf = (box: SecretBox, client: ClientRecord, userId: string): string =>
  client.subjectType === 'pairwise' ? box.hmac(`pairwise subject\n${sectorOf(client)}\n${userId}`) : userId
