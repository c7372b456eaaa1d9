// What can be used only once and so must be made in numbers: codes and refresh tokens, as if people had allowed them.
import { hash, randomUUIDv7 } from 'node:crypto'
import { hashOf, makeSecret } from '../src/credentials/format.ts'
import { openSqlite } from '../src/store/sqlite.ts'

/** One verifier for all codes: servers cannot tell, and the load generator need not compute. */
export const codeVerifier = 'b'.repeat(64)
export const codeChallenge = hash('sha256', codeVerifier, 'base64url')
export const redirectUri = 'https://app.example.com/callback'

export type Single = 'code' | 'refresh'

export interface SupplyFor {
  folder: string
  userId: string
  organizationId: string
  clientId: string
}

const hour = 3_600_000

/** Makes `count` of them in the store of a running Latchkey, each on a grant of its own. */
export const makeSingles = async (
  { folder, userId, organizationId, clientId }: SupplyFor,
  kind: Single,
  count: number,
): Promise<string[]> => {
  const store = await openSqlite(folder)
  const now = Date.now()
  const values = Array.from({ length: count }, () => makeSecret(kind === 'code' ? 'ac_' : 'rt_'))
  try {
    for (let from = 0; from < count; from += 1000)
      await store.transaction(async (trx) => {
        const batch = values.slice(from, from + 1000).map((value) => ({ value, grant: randomUUIDv7() }))
        await trx
          .insertInto('grants')
          .values(
            batch.map(({ grant }) => ({
              id: grant,
              client_id: clientId,
              user_id: userId,
              organization_id: organizationId,
              all_organizations: 0,
              api: 'bench',
              scopes: 'read',
              authenticated_at: now,
              jkt: null,
              created_at: now,
              expires_at: now + 24 * hour,
              revoked_at: null,
            })),
          )
          .execute()
        if (kind === 'code')
          await trx
            .insertInto('codes')
            .values(
              batch.map(({ value, grant }) => ({
                hash: hashOf(value),
                grant_id: grant,
                redirect_uri: redirectUri,
                code_challenge: codeChallenge,
                nonce: null,
                jkt: null,
                created_at: now,
                expires_at: now + hour,
                redeemed_at: null,
              })),
            )
            .execute()
        else
          await trx
            .insertInto('refresh_tokens')
            .values(
              batch.map(({ value, grant }) => ({
                hash: hashOf(value),
                grant_id: grant,
                created_at: now,
                expires_at: now + hour,
                rotated_at: null,
                rotated_jkt: null,
              })),
            )
            .execute()
      })
    return values
  } finally {
    await store.close()
  }
}

/** The same of a peer that makes them itself. */
export const askSingles = async (port: number, kind: Single | 'opaque', count: number): Promise<string[]> => {
  const answer = await fetch(`http://127.0.0.1:${port}/supply?kind=${kind}&count=${count}`)
  if (!answer.ok) throw new Error(`The peer made none: ${await answer.text()}`)
  return (await answer.json()) as string[]
}
