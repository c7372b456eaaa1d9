// What an upstream learns of the caller: headers, or a JWT that it can check by itself (RFC 7519, RFC 8725 §3.11).
import { randomUUIDv7 } from 'node:crypto'
import type { Api, Upstream } from '../config/config.ts'
import { signJwt } from '../tokens/jwt.ts'
import type { MaybePromise } from '../store/maybe-promise.ts'
import type { SigningKeys } from '../tokens/signing-keys.ts'
import type { Principal } from '../verify/decision.ts'
import { type Headers, identityHeaders } from '../verify/wire.ts'

const lifetimeSeconds = 60
const prefix = 'x-latchkey-'

/** Its own type, so that it is never taken for an access token. */
const identityType = 'latchkey-identity+jwt'

/** Makes the identity fields of a request; `upstream` undefined: forward-auth, where the API itself is the audience. */
export type Identify = (api: Api, upstream: Upstream | undefined, principal: Principal) => MaybePromise<Headers>

export const createIdentify = (keys: SigningKeys, issuer: string, now: () => number): Identify => {
  const sign = async (api: Api, upstream: Upstream | undefined, facts: Headers): Promise<string> => {
    const { id: kid, key, algorithm: alg } = await keys.signer('ES256')
    const iat = Math.floor(now() / 1000)
    const aud = upstream?.kind === 'url' ? upstream.url.origin : api.audience
    const told = Object.entries(facts).filter(([, value]) => value !== '')
    const claims = {
      iss: issuer,
      aud,
      sub: facts[`${prefix}subject`],
      iat,
      exp: iat + lifetimeSeconds,
      jti: randomUUIDv7(),
    }
    return signJwt(
      { alg, typ: identityType, kid },
      { ...claims, ...Object.fromEntries(told.map(([name, value]) => [name.slice(prefix.length), value])) },
      key,
    )
  }
  return (api, upstream, principal) => {
    const facts = identityHeaders(principal)
    return api.identity === 'jwt' ? sign(api, upstream, facts).then((token) => ({ 'x-latchkey-token': token })) : facts
  }
}

/** What is told of a principal stays the same as long as the principal. */
const complete = new WeakMap<Headers, Headers>()

/** All fields of an identity, the absent ones empty: a proxy that copies them overwrites what a caller sent. */
export const allIdentityHeaders = (principal: Principal, told: Headers): Headers => {
  let all = complete.get(told)
  if (!all) {
    const names = Object.keys(identityHeaders(principal))
    all = { ...Object.fromEntries(names.map((name) => [name, ''])), 'x-latchkey-token': '', ...told }
    complete.set(told, all)
  }
  return all
}
