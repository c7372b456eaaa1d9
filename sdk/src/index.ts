// @latchkey/sdk: is this credential good for this request? Runs wherever fetch and Web Crypto are.
export { createVerifier } from './verifier.ts'
export type { CachedOptions, RemoteOptions, Verifier, VerifierOptions } from './verifier.ts'
export type { LocalOptions } from './local/local.ts'
export type { BatchOptions } from './remote/asker.ts'
export type { ConnectionOptions, Fetch } from './connection.ts'
export type { VerifyOptions } from './question.ts'
export type { ApiDescription, DescribedAnswer } from './description.ts'
export type {
  CredentialKind,
  DenialCode,
  Denied,
  DpopAdvice,
  Limit,
  Principal,
  Unavailable,
  Valid,
  Verdict,
} from './verdict.ts'
