// RFC 9068 §2.2: the API that a token says it is for.
import type { Api, Config } from '../config/config.ts'
import type { Members } from '../tokens/claims.ts'

/** The API of the claimed `aud`, Latchkey's own among them; undefined: none that is protected here. */
export const claimedApi = ({ apis, management }: Config, { aud }: Members): Api | undefined => {
  const audience: unknown = Array.isArray(aud) ? aud[0] : aud // ours have one
  for (const api of apis.values()) if (api.audience === audience) return api
  return management.audience === audience ? management : undefined
}
