// How the credential of an earlier request stands now: whether what refused it is still so.
import type { Config } from '../config/config.ts'
import type { Allowance } from '../limits/allowance.ts'
import { appliedLimits } from '../limits/policy.ts'
import { formatTime } from '../rfc3339.ts'
import type { Store } from '../store/store.ts'
import type { DecisionRow } from './tail.ts'

export interface Present {
  state: 'active' | 'revoked' | 'expired' | 'suspended' | 'gone'
  /** In plain words. */
  text: string
  /** Of a request that a limit refused: where the limits stand, as far as they can be told without the credential. */
  limits: { name: string; limit: number; remaining: number; reset: string }[]
}

interface Deps {
  store: Store
  config: Pick<Config, 'apis'>
  allowance: Pick<Allowance, 'peek'>
}

const nouns: Readonly<Record<string, string>> = {
  api_key: 'key',
  personal_access_token: 'token',
  legacy_token: 'token',
}

type State = Pick<Present, 'state' | 'text'>

const findCredential = ({ db }: Store, id: string) =>
  db
    .selectFrom('credentials as c')
    .leftJoin('organizations as o', 'o.id', 'c.organization_id')
    .leftJoin('users as u', 'u.id', 'c.user_id')
    .select([
      'c.kind',
      'c.lineage_id',
      'c.revoked_at',
      'c.expires_at',
      'o.suspended_at as organization_suspended_at',
      'u.suspended_at as user_suspended_at',
    ])
    .where('c.id', '=', id)
    .executeTakeFirst()

const stateOfCredential = (
  row: Awaited<ReturnType<typeof findCredential>> & object,
  refusedAt: number,
  now: number,
): State => {
  const noun = nouns[row.kind] ?? 'credential'
  const since = (at: number): string => (at <= refusedAt ? 'still' : 'by now')
  if (row.revoked_at !== null)
    return {
      state: 'revoked',
      text: `The ${noun} is ${since(row.revoked_at)} revoked, since ${formatTime(row.revoked_at)}.`,
    }
  if (row.expires_at !== null && row.expires_at <= now)
    return { state: 'expired', text: `The ${noun} has expired, at ${formatTime(row.expires_at)}.` }
  if (row.organization_suspended_at !== null)
    return { state: 'suspended', text: `The organization of this ${noun} is suspended.` }
  if (row.kind !== 'api_key' && row.user_suspended_at !== null)
    return { state: 'suspended', text: `The owner of this ${noun} is suspended.` }
  const ends = row.expires_at === null ? '' : ` until ${formatTime(row.expires_at)}`
  return { state: 'active', text: `The ${noun} itself is good${ends}.` }
}

const stateOfClient = async ({ db }: Store, id: string): Promise<State | undefined> => {
  const row = await db
    .selectFrom('clients as c')
    .leftJoin('organizations as o', 'o.id', 'c.organization_id')
    .select('o.suspended_at')
    .where('c.id', '=', id)
    .executeTakeFirst()
  if (!row) return undefined
  return row.suspended_at === null
    ? { state: 'active', text: 'The client of this token is good: it may ask for new tokens.' }
    : { state: 'suspended', text: 'The organization of this client is suspended.' }
}

/** null: nothing is known of the credential. `now`: Unix milliseconds. */
export const presentOf = async (
  { store, config, allowance }: Deps,
  row: DecisionRow,
  now: number,
): Promise<Present | null> => {
  const { credential_id: id } = row
  if (id === null) return null
  const credential = await findCredential(store, id)
  const state = credential ? stateOfCredential(credential, row.at, now) : await stateOfClient(store, id)
  if (!state) return { state: 'gone', text: 'The credential has been deleted.', limits: [] }
  const api = config.apis.get(row.api)
  if (row.failed_check !== 'limit' || !api || row.environment === null) return { ...state, limits: [] }
  const organization = await store.db
    .selectFrom('organizations')
    .select(['id', 'tier'])
    .where('id', '=', row.owner_id)
    .executeTakeFirst()
  // what counts by a client's token cannot be told without it
  const lineage = credential?.lineage_id
  const limits = appliedLimits(api, organization?.tier, row.environment, {
    credential: lineage ?? '',
    token: lineage ?? '',
    organization: organization?.id,
  }).filter(({ policy }) => policy.per === 'organization' || lineage !== undefined)
  return {
    ...state,
    limits: (await allowance.peek(limits, now)).map(({ name, limit, remaining, resetAt }) => ({
      name,
      limit,
      remaining,
      reset: formatTime(resetAt),
    })),
  }
}
