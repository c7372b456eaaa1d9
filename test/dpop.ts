// DPoP proofs (RFC 9449 §4.2) as clients make them, by another implementation than the server's.
import { createHash, randomUUID } from 'node:crypto'
import { type JWK, SignJWT, calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose'

export interface ProofParts {
  method?: string
  url: string
  nonce?: string | undefined
  /** The access token that the proof goes with. */
  token?: string
  /** In the place of, or besides, what belongs there; undefined takes a member out. */
  header?: Record<string, unknown>
  claims?: Record<string, unknown>
}

export interface Prover {
  thumbprint: string
  publicJwk: JWK
  privateJwk: JWK
  prove: (parts: ProofParts) => Promise<string>
}

/** A key of one's own. `now`: Unix milliseconds. */
export const prover = async (alg = 'ES256', now: () => number = Date.now): Promise<Prover> => {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
  const publicJwk = await exportJWK(publicKey)
  return {
    thumbprint: await calculateJwkThumbprint(publicJwk),
    publicJwk,
    privateJwk: await exportJWK(privateKey),
    prove: ({ method = 'POST', url, nonce, token, header, claims }) =>
      new SignJWT({
        jti: randomUUID(),
        htm: method,
        htu: url,
        iat: Math.floor(now() / 1000),
        nonce,
        ath: token && createHash('sha256').update(token).digest('base64url'),
        ...claims,
      })
        .setProtectedHeader({ typ: 'dpop+jwt', alg, jwk: publicJwk, ...header })
        .sign(privateKey),
  }
}

/** Asks by `ask` with a proof, and once more with the nonce that the answer tells: what every client does (§8, §9). */
export const withNonce = async <A extends { headers: Record<string, unknown> }>(
  { prove }: Pick<Prover, 'prove'>,
  parts: ProofParts,
  ask: (proof: string) => Promise<A>,
): Promise<A> => {
  const first = await ask(await prove(parts))
  const nonce = first.headers['dpop-nonce']
  return typeof nonce === 'string' ? ask(await prove({ ...parts, nonce })) : first
}
