// RFC 9449 §4.3: whether a DPoP proof was made for a request, shortly before it, and never used. Signatures are looked at last but
// for the memory of used proofs: they cost the most.
import { hash } from 'node:crypto'
import type { SecretBox } from '../secret-box.ts'
import type { SharedMemory } from '../threads/memory.ts'
import { isSigned, parseDpopProof } from '../tokens/dpop-proof.ts'
import { normalTargetUri } from '../tokens/target-uri.ts'
import { Nonces } from './nonces.ts'
import { UsedProofs } from './used-proofs.ts'

/** How a request proves a key: the values of all its `DPoP` fields, and what it was. */
export interface ShownProof {
  proofs: readonly string[]
  method: string
  /** The address that was called, as the configuration knows it; a query does not count. */
  url: string
}

/** RFC 9449 §5, §7.1, §8, §9. */
export type ProofError = 'invalid_dpop_proof' | 'use_dpop_nonce'

export interface Unproven {
  /** `full`: nothing is wrong with the proof, but it could not be remembered. */
  error: ProofError | 'full'
  /** In words that RFC 6750 §3 allows; holds nothing of the proof. */
  detail: string
  /** The one to use, on `use_dpop_nonce`. */
  nonce?: string
}

export type Proving =
  /** `nonce`: a newer one than was used, to be told (§8.2). */
  { thumbprint: string; nonce: string | undefined } | Unproven

export interface ProofOptions {
  /** The access token that comes with it. */
  accessToken?: string
  /** Does not use it up. */
  dryRun?: boolean
}

/**
 * Seconds that `iat` may be off, either way. It is the nonce that tells a proof's age (§11.1): this tells clients whose clocks
 * are altogether wrong, and no others.
 */
const clockToleranceSeconds = 300

const invalid = (detail: string): Unproven => ({ error: 'invalid_dpop_proof', detail })

export class Proofs {
  readonly #nonces: Nonces
  readonly #used: UsedProofs
  readonly #now: () => number

  /** `now` in Unix milliseconds. `memory`: what the server's threads have in common. */
  constructor(box: SecretBox, now: () => number, memory?: SharedMemory) {
    this.#nonces = new Nonces(box)
    this.#used = new UsedProofs(memory)
    this.#now = now
  }

  /** Checks a proof and uses it up. */
  check({ proofs, method, url }: ShownProof, { accessToken, dryRun = false }: ProofOptions = {}): Proving {
    const now = this.#now()
    const [text, second] = proofs
    if (text === undefined) return invalid('The DPoP header is missing.')
    if (second !== undefined) return invalid('There is more than one DPoP header.')
    const proof = parseDpopProof(text)
    if ('malformed' in proof) return invalid(`The DPoP proof is malformed: ${proof.malformed}.`)
    const { thumbprint, jti, htm, htu, iat, ath } = proof
    if (htm !== method) return invalid('The htm of the DPoP proof is not the method of the request.')
    const target = normalTargetUri(htu)
    if (target === undefined || target !== normalTargetUri(url))
      return invalid('The htu of the DPoP proof is not the address of the request.')
    if (accessToken !== undefined && ath !== hash('sha256', accessToken, 'base64url'))
      return invalid('The ath of the DPoP proof is not the hash of the access token.')
    if (Math.abs(iat - now / 1000) > clockToleranceSeconds)
      return invalid(`The iat of the DPoP proof is more than ${clockToleranceSeconds} seconds away from now.`)
    const present = this.#nonces.turnAt(now)
    const turn = proof.nonce === undefined ? undefined : this.#nonces.turnOf(proof.nonce, present)
    if (turn === undefined)
      return {
        error: 'use_dpop_nonce',
        detail: 'The DPoP proof needs the nonce of the DPoP-Nonce header.',
        nonce: this.#nonces.of(present),
      }
    if (!isSigned(proof)) return invalid('The signature of the DPoP proof is not right.')
    const outcome = dryRun
      ? this.#used.has(turn, thumbprint, jti) && 'used'
      : this.#used.add(turn, this.#nonces.oldestTurn(present), thumbprint, jti)
    if (outcome === 'used') return invalid('The DPoP proof has been used before.')
    if (outcome === 'full') return { error: 'full', detail: 'More DPoP proofs have been used than can be remembered.' }
    return { thumbprint, nonce: turn < present ? this.#nonces.of(present) : undefined }
  }
}
