// Who is signed in in the browser that asks for a page.
import type { FastifyRequest } from 'fastify'
import { type Session, findSession } from '../accounts/sessions.ts'
import type { Store } from '../store/store.ts'
import { readSessionCookie } from './session-cookie.ts'

export const signedIn = async (
  { store, secure }: { store: Store; secure: boolean },
  { raw }: FastifyRequest,
  now: number,
): Promise<Session | undefined> => {
  const value = readSessionCookie(raw, secure)
  return value === undefined ? undefined : findSession(store, value, now)
}
