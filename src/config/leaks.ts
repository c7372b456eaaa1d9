// What happens when a credential turns up in public: who may say so, and what is done in each environment.
import { createPublicKey } from 'node:crypto'
import type { Mistakes } from './config.ts'
import type { LatchkeyConfig } from './file.ts'

type LeakPolicy = 'notify' | 'revoke'

export interface LeaksConfig {
  /** GitHub's secret scanning may report; undefined: it may not. */
  github: { keysUrl: string; keys: Readonly<Record<string, string>> | undefined } | undefined
  /** By environment. */
  policy: Readonly<Record<string, LeakPolicy>>
}

const githubKeys = 'https://api.github.com/meta/public_keys/secret_scanning'

const isP256 = (pem: string): boolean => {
  try {
    return createPublicKey(pem).asymmetricKeyDetails?.namedCurve === 'prime256v1'
  } catch {
    return false
  }
}

export const resolveLeaks = (
  { leaks = {} }: LatchkeyConfig,
  environments: readonly string[],
  mistakes: Mistakes,
): LeaksConfig => {
  for (const [name, policy] of Object.entries(leaks.policy ?? {})) {
    const place = `leaks.policy.${name}`
    if (!environments.includes(name))
      mistakes.add(place, `"${name}" is not one of the environments (${environments.join(', ')})`)
    if (policy !== 'notify' && policy !== 'revoke')
      mistakes.add(place, `"${String(policy)}" must be "notify" or "revoke"`)
  }
  for (const [id, pem] of Object.entries(leaks.github?.keys ?? {}))
    if (!isP256(pem)) mistakes.add(`leaks.github.keys.${id}`, 'is not a public key of the curve P-256 in PEM')
  const keysUrl = leaks.github?.keysUrl ?? githubKeys
  if (!URL.canParse(keysUrl)) mistakes.add('leaks.github.keysUrl', `"${keysUrl.slice(0, 80)}" is not a URL`)
  return {
    github: leaks.github && { keysUrl, keys: leaks.github.keys },
    // what is paid for by somebody's customers is not cut off unasked; anything else is
    policy: Object.fromEntries(
      environments.map((name, index) => [name, leaks.policy?.[name] ?? (index === 0 ? 'notify' : 'revoke')]),
    ),
  }
}
