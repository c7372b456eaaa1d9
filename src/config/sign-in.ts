// How people sign in, as the configuration file says.
import type { Mistakes } from './config.ts'
import type { LatchkeyConfig } from './file.ts'

export interface SignInConfig {
  /** Of people in a browser: milliseconds without use, and in all. */
  sessions: { idleMs: number; absoluteMs: number }
}

const dayMs = 86_400_000

export const resolveSignIn = (file: LatchkeyConfig, mistakes: Mistakes): SignInConfig => {
  const { absoluteDays = 30, idleDays = Math.min(14, absoluteDays) } = file.signIn?.sessions ?? {}
  for (const [name, days] of Object.entries({ idleDays, absoluteDays }))
    if (!(days > 0 && days <= 365)) mistakes.add(`signIn.sessions.${name}`, `${days} must be days above 0, at most 365`)
  if (idleDays > absoluteDays)
    mistakes.add('signIn.sessions.idleDays', `${idleDays} is more than absoluteDays, ${absoluteDays}`)
  return { sessions: { idleMs: idleDays * dayMs, absoluteMs: absoluteDays * dayMs } }
}
