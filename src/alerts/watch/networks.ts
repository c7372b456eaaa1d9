// Credentials that are used from a network where they have not been seen before.
import { sql } from 'kysely'
import { formatTime } from '../../rfc3339.ts'
import type { Store } from '../../store/store.ts'
import type { NewAlert } from '../raise.ts'
import { type Watch, day, lookSize, ownerOf } from './watch.ts'

/** For so long after its first use every network of a credential is as new as any other. */
const settlingMs = day

/** Sightings are written in batches, so that one may be seen this much later than it is dated. */
const lateMs = 10 * 60_000

/** How far a process that has just started looks back. */
const lookBackMs = day

type Owner = Pick<NewAlert, 'organizationId' | 'userId' | 'subjectKind'> & { name: string; hint: string }

const ownersOf = async ({ db }: Store, ids: readonly string[]): Promise<Map<string, Owner>> => {
  const credentials = await db
    .selectFrom('credentials')
    .select(['id', 'kind', 'name', 'hint', 'organization_id', 'user_id'])
    .where('id', 'in', ids)
    .where('revoked_at', 'is', null)
    .execute()
  const clients = await db
    .selectFrom('clients')
    .select(['id', 'name', 'organization_id'])
    .where('id', 'in', ids)
    .where('organization_id', 'is not', null)
    .execute()
  return new Map<string, Owner>([
    ...clients.map(({ id, name, organization_id: organizationId }): [string, Owner] => [
      id,
      { organizationId, userId: null, subjectKind: 'client', name, hint: id },
    ]),
    ...credentials.map((row): [string, Owner] => [
      row.id,
      { ...ownerOf(row), subjectKind: row.kind, name: row.name, hint: row.hint },
    ]),
  ])
}

interface Sighting {
  credential_id: string
  value: string
  first_at: number
}

export const watchNetworks = (store: Store): Watch => {
  let place: { at: number; id: string } | undefined
  return async (now) => {
    const { at, id } = place ?? { at: now - lookBackMs, id: '' }
    const { rows } = await sql<Sighting>`SELECT credential_id, value, first_at FROM sightings
      WHERE kind = 'network' AND first_at >= ${at} AND (first_at > ${at} OR credential_id >= ${id})
      ORDER BY first_at, credential_id LIMIT ${lookSize}`.execute(store.activity)
    const last = rows.length === lookSize ? rows.at(-1) : undefined
    place = last ? { at: last.first_at, id: last.credential_id } : { at: now - lateMs, id: '' }
    if (rows.length === 0) return []
    const ids = [...new Set(rows.map(({ credential_id }) => credential_id))]
    const firsts = await store.activity
      .selectFrom('sightings')
      .select(({ fn }) => ['credential_id', fn.min('first_at').as('first_at')])
      .where('credential_id', 'in', ids)
      .where('kind', '=', 'network')
      .groupBy('credential_id')
      .execute()
    const firstAt = new Map(firsts.map((row) => [row.credential_id, row.first_at]))
    const later = rows.filter(
      ({ credential_id, first_at }) => first_at - (firstAt.get(credential_id) ?? first_at) > settlingMs,
    )
    if (later.length === 0) return []
    const owners = await ownersOf(store, [...new Set(later.map(({ credential_id }) => credential_id))])
    return later.flatMap(({ credential_id: subjectId, value, first_at }): NewAlert[] => {
      const owner = owners.get(subjectId)
      if (!owner) return []
      const { name, hint, ...whose } = owner
      return [
        {
          kind: 'credential.new_network',
          ...whose,
          subjectId,
          // one a day: what runs in many places at once would drown everything else
          period: String(Math.floor(first_at / day)),
          detail: { name, hint, network: value, first_at: formatTime(first_at) },
        },
      ]
    })
  }
}
