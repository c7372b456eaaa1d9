// Who is signed in in the browser that asks, and that they were here.
import type { FastifyRequest } from 'fastify'
import { type Session, findSession } from '../accounts/sessions.ts'
import type { Store } from '../store/store.ts'
import type { LastUse } from '../verify/last-use.ts'
import { readSessionCookie } from './session-cookie.ts'

export interface SignedInDeps {
  store: Store
  lastUse: Pick<LastUse, 'touch'>
  /** Whether cookies are. */
  secure: boolean
}

export const signedIn = async (
  { store, lastUse, secure }: SignedInDeps,
  { raw }: Pick<FastifyRequest, 'raw'>,
  now: number,
): Promise<Session | undefined> => {
  const value = readSessionCookie(raw, secure)
  const session = value === undefined ? undefined : await findSession(store, value, now)
  if (session) lastUse.touch(session.id, now)
  return session
}
