// How people sign in, as the configuration file says.
import type { Mistakes } from './config.ts'
import type { LatchkeyConfig } from './file.ts'
import { type UpstreamIssuer, resolveUpstreams } from './upstream.ts'

export interface SignInConfig {
  /** Who may make an account: those who are invited, or whoever proves an e-mail address. */
  signUp: 'invitation' | 'open'
  upstream: readonly UpstreamIssuer[]
  /** Of people in a browser: milliseconds without use, and in all. */
  sessions: { idleMs: number; absoluteMs: number }
}

const dayMs = 86_400_000

export const resolveSignIn = (
  env: NodeJS.ProcessEnv,
  file: LatchkeyConfig,
  issuer: string,
  mistakes: Mistakes,
): SignInConfig => {
  const { absoluteDays = 30, idleDays = Math.min(14, absoluteDays) } = file.signIn?.sessions ?? {}
  for (const [name, days] of Object.entries({ idleDays, absoluteDays }))
    if (!(days > 0 && days <= 365)) mistakes.add(`signIn.sessions.${name}`, `${days} must be days above 0, at most 365`)
  if (idleDays > absoluteDays)
    mistakes.add('signIn.sessions.idleDays', `${idleDays} is more than absoluteDays, ${absoluteDays}`)
  return {
    signUp: file.signIn?.signUp ?? 'invitation',
    upstream: resolveUpstreams(env, file, issuer, mistakes),
    sessions: { idleMs: idleDays * dayMs, absoluteMs: absoluteDays * dayMs },
  }
}
