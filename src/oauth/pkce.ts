// RFC 7636 §4.2: proof key for code exchange; S256 and nothing else.
import { hash } from 'node:crypto'

/** The code_challenge of a code_verifier: its SHA-256 in base64url. */
export const s256 = (verifier: string): string => hash('sha256', verifier, 'base64url')

/** Whether a code_challenge can be that of a verifier at all. */
export const isChallenge = (challenge: string): boolean => /^[A-Za-z0-9_-]{43}$/.test(challenge)
