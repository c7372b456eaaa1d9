// Who still uses one credential: what to look at before it is revoked or rotated.
import { type Actor, requireWholePerson } from '../accounts/actor.ts'
import { type ClientPath, findClient } from '../clients/client.ts'
import { type ApiKeyPath, type TokenPath, findApiKey, findToken } from '../credentials/find.ts'
import { lastUses } from '../credentials/wire.ts'
import { formatTime, formatTimeOrNull } from '../rfc3339.ts'
import type { ActivitySchema } from '../store/activity-schema.ts'
import type { Store } from '../store/store.ts'
import { maxSightings } from './sightings.ts'

const hour = 3_600_000

interface Sighting {
  value: string
  /** RFC 3339, as all times here. */
  first_at: string
  last_at: string
  /** Of a credential that is used many times a second, estimated. */
  count: number
}

export interface Use {
  last_used_at: string | null
  /** Requests that were let in in the last 24 hours, to the full hour. */
  calls_24h: number
  denied_24h: number
  /** Latest first. */
  networks: Sighting[]
  agents: Sighting[]
  endpoints: Sighting[]
}

type SightingRow = ActivitySchema['sightings']

const useOf = async (store: Store, credentialId: string, now: number): Promise<Use> => {
  const { activity } = store
  const counts = await activity
    .selectFrom('usage')
    .select(({ fn }) => ['code', fn.sum<number | string>('count').as('count')])
    .where('credential_id', '=', credentialId)
    .where('width', '=', 'hour')
    .where('bucket', '>', now - 25 * hour)
    .groupBy('code')
    .execute()
  const rows = await activity
    .selectFrom('sightings')
    .selectAll()
    .where('credential_id', '=', credentialId)
    .orderBy('last_at', 'desc')
    .orderBy('value')
    .execute()
  const of = (kind: SightingRow['kind']): Sighting[] =>
    rows
      .filter((row) => row.kind === kind)
      .slice(0, maxSightings)
      .map(({ value, first_at, last_at, count }) => ({
        value,
        first_at: formatTime(first_at),
        last_at: formatTime(last_at),
        count,
      }))
  const sumOf = (allowed: boolean): number =>
    counts.reduce((sum, { code, count }) => ((code === 'valid') === allowed ? sum + Number(count) : sum), 0)
  return {
    last_used_at: formatTimeOrNull((await lastUses(store, [credentialId])).get(credentialId) ?? null),
    calls_24h: sumOf(true),
    denied_24h: sumOf(false),
    networks: of('network'),
    agents: of('agent'),
    endpoints: of('endpoint'),
  }
}

/** Throws as `findApiKey`. */
export const useOfApiKey = async (store: Store, actor: Actor, path: ApiKeyPath, now: number): Promise<Use> =>
  useOf(store, (await findApiKey(store.db, actor, path)).id, now)

/** Of a token itself; of others of its person only for what stands for all of them. Throws as `findToken` and `requireWholePerson`. */
export const useOfToken = async (
  store: Store,
  actor: Actor,
  kind: 'personal_access_token' | 'legacy_token',
  path: TokenPath,
  now: number,
): Promise<Use> => {
  const { id } = await findToken(store.db, actor, kind, path)
  if (id !== actor.id) requireWholePerson(actor)
  return useOf(store, id, now)
}

/** Throws as `findClient`. */
export const useOfClient = async (store: Store, actor: Actor, path: ClientPath, now: number): Promise<Use> =>
  useOf(store, (await findClient(store.db, actor, path, 'viewer')).id, now)
