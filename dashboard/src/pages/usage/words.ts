// Codes, kinds and checks in plain words.
import type { Code } from '../../../../src/errors.ts'
import type { CredentialKind } from '../../../../src/profiles/profile.ts'

const codes: Partial<Record<Code | 'valid', string>> = {
  valid: 'Let in',
  invalid_api_key: 'Invalid credential',
  expired_token: 'Expired',
  insufficient_scope: 'Missing scope',
  organization_forbidden: 'Wrong organization',
  environment_mismatch: 'Wrong environment',
  forbidden: 'Not allowed',
  rate_limit_exceeded: 'Over the limit',
  invalid_request: 'Organization not named',
  temporarily_unavailable: 'Could not be checked',
}

/** What a decision was: `Over the limit`. */
export const codeWords = (code: string): string => codes[code as Code] ?? code.replaceAll('_', ' ')

/** Those that requests are denied with. */
export const denials = Object.keys(codes).filter((code) => code !== 'valid')

const kinds: Record<CredentialKind, string> = {
  api_key: 'API key',
  personal_access_token: 'API token',
  legacy_token: 'legacy token',
  oauth_token: 'OAuth token',
  jwt: 'token from a key',
  cwt: 'token from a key',
}

export const kindWords = (kind: string | null): string =>
  kind === null ? 'unknown credential' : (kinds[kind as CredentialKind] ?? kind)

/** What a credential is called where it has no name that one may know. */
export const credentialWords = ({
  name,
  user_name,
  kind,
}: {
  name: string | null
  user_name: string | null
  kind: string | null
}): string => {
  if (name !== null) return name
  return user_name === null ? `Deleted ${kindWords(kind)}` : `${kindWords(kind)} of ${user_name}`
}
