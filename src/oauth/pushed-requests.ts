// RFC 9126 §2.2: authorization requests that a client has sent ahead. Only the hash of their reference is kept.
import type { Kysely } from 'kysely'
import { hashOf, makeSecret } from '../credentials/format.ts'
import type { Schema } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import { Form } from './form.ts'

const prefix = 'urn:ietf:params:oauth:request_uri:'
const maxUriLength = 200

/** Milliseconds from the push to the last use: a person may have to sign in meanwhile. */
export const pushedLifetimeMs = 600_000

/** Keeps the request, in the query's form, and answers its reference. */
export const storePushedRequest = async (
  store: Store,
  clientId: string,
  query: string,
  now: number,
): Promise<string> => {
  const reference = makeSecret('pr_')
  await store.transaction((trx) =>
    trx
      .insertInto('pushed_requests')
      .values({
        hash: hashOf(reference),
        client_id: clientId,
        parameters: query,
        created_at: now,
        expires_at: now + pushedLifetimeMs,
      })
      .execute(),
  )
  return prefix + reference
}

const hashOfUri = (requestUri: string): string | undefined =>
  requestUri.startsWith(prefix) && requestUri.length <= maxUriLength
    ? hashOf(requestUri.slice(prefix.length))
    : undefined

/** What this client pushed under the reference; undefined: nothing, or not any more. */
export const loadPushedRequest = async (
  { db }: Pick<Store, 'db'>,
  clientId: string,
  requestUri: string,
  now: number,
): Promise<Form | undefined> => {
  const hash = hashOfUri(requestUri)
  if (hash === undefined) return undefined
  const row = await db
    .selectFrom('pushed_requests')
    .select('parameters')
    .where('hash', '=', hash)
    .where('client_id', '=', clientId)
    .where('expires_at', '>', now)
    .executeTakeFirst()
  return row && new Form(Buffer.from(row.parameters))
}

/** Uses the reference up, within the transaction of what it led to. False: somebody was first. */
export const usePushedRequest = async (trx: Kysely<Schema>, requestUri: string): Promise<boolean> => {
  const { numDeletedRows } = await trx
    .deleteFrom('pushed_requests')
    .where('hash', '=', hashOfUri(requestUri) ?? '')
    .executeTakeFirstOrThrow()
  return numDeletedRows === 1n
}
