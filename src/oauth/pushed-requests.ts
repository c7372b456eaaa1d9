// RFC 9126 §2.2, §4, §7: authorization requests that clients have pushed, until a code is issued for them or their time is over.
import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { hashOf } from '../credentials/format.ts'
import type { Store } from '../store/store.ts'
import { OAuthError } from './errors.ts'
import { Form } from './form.ts'

export const requestUriPrefix = 'urn:ietf:params:oauth:request_uri:'

/** How long a browser may take to come with it. */
export const lifetimeSeconds = 90

/** How long the person may then take to sign in and decide. */
const openLifetimeMs = 15 * 60_000

/** Of one client at once; at 16 KB each at most. */
const maxPerClient = 5_000

const form = /^urn:ietf:params:oauth:request_uri:[A-Za-z0-9_-]{43}$/

export interface PushedRequest {
  requestUri: string
  /** Seconds. */
  expiresIn: number
}

/** RFC 9126 §2.3: 429. */
export const tooManyPushed = (waitMs: number, reason: string): OAuthError =>
  new OAuthError('temporarily_unavailable', 'Too many requests have been pushed. Retry shortly.', {
    status: 429,
    headers: { 'retry-after': String(Math.ceil(waitMs / 1000)) },
    reason,
  })

/** Keeps a request that has been found good, in the query's form. Throws OAuthError where the client has pushed too many. */
export const storePushedRequest = async (
  { activity }: Pick<Store, 'activity'>,
  clientId: string,
  query: string,
  now: number,
): Promise<PushedRequest> => {
  const requestUri = requestUriPrefix + randomBytes(32).toString('base64url')
  // one statement, so that it is counted whoever else pushes
  const { numAffectedRows } = await sql`INSERT INTO pushed_requests (hash, client_id, parameters, opened, expires_at)
    SELECT ${hashOf(requestUri)}, ${clientId}, ${query}, 0, CAST(${now + lifetimeSeconds * 1000} AS BIGINT)
    WHERE (SELECT count(*) FROM pushed_requests WHERE client_id = ${clientId} AND expires_at > ${now}) < ${maxPerClient}`.execute(
    activity,
  )
  if (numAffectedRows !== 1n)
    throw tooManyPushed(lifetimeSeconds * 1000, `client ${clientId} has ${maxPerClient} pushed requests`)
  return { requestUri, expiresIn: lifetimeSeconds }
}

/**
 * What this client pushed; undefined: nobody did, another client did, or their time is over. From the first time
 * on it waits for the person: signing in may take longer than coming.
 */
export const loadPushedRequest = async (
  { activity }: Pick<Store, 'activity'>,
  clientId: string,
  requestUri: string,
  now: number,
): Promise<Form | undefined> => {
  if (!form.test(requestUri)) return undefined
  const row = await activity
    .updateTable('pushed_requests')
    .set((eb) => ({
      opened: 1,
      expires_at: eb
        .case()
        .when('opened', '=', 0)
        .then(now + openLifetimeMs)
        .else(eb.ref('expires_at'))
        .end(),
    }))
    .where('hash', '=', hashOf(requestUri))
    .where('client_id', '=', clientId)
    .where('expires_at', '>', now)
    .returning('parameters')
    .executeTakeFirst()
  return row && new Form(Buffer.from(row.parameters))
}

/** Uses a pushed request up. false: somebody was first. */
export const usePushedRequest = async ({ activity }: Pick<Store, 'activity'>, requestUri: string): Promise<boolean> => {
  const { numDeletedRows } = await activity
    .deleteFrom('pushed_requests')
    .where('hash', '=', hashOf(requestUri))
    .executeTakeFirstOrThrow()
  return numDeletedRows === 1n
}
