// Keys, tokens and client secrets whose end is near, or has just come, and that nothing has replaced.
import { sql } from 'kysely'
import { formatTime } from '../../rfc3339.ts'
import type { StoredKind } from '../../store/schema.ts'
import type { Store } from '../../store/store.ts'
import type { NewAlert } from '../raise.ts'
import { settingsOf, thresholdBounds } from '../settings.ts'
import { type Watch, day, lookSize, ownerOf } from './watch.ts'

/** Days before the end at which people are told, besides the first, which organizations choose. */
const laterStages = [3, 0]

/** How long after the end it is still news. */
const newsMs = day

interface Ending {
  id: string
  created_at: number
  expires_at: number
}

/** The latest stage that has come. One that had come when the credential was made is none: whoever made it so short knows. */
const stageOf = ({ created_at, expires_at }: Ending, first: number, now: number): number | undefined =>
  [first, ...laterStages]
    .filter((stage) => now >= expires_at - stage * day && created_at < expires_at - stage * day)
    .toSorted((a, b) => a - b)[0]

/** Of rows ordered by their end, then by id: where the next look begins. */
class Place {
  #at = 0
  #id = ''

  condition(now: number) {
    const from = Math.max(this.#at, now - newsMs)
    const until = now + thresholdBounds.expiring_days[1] * day
    return sql<boolean>`(x.expires_at > ${from} OR (x.expires_at = ${from} AND x.id > ${this.#id})) AND x.expires_at <= ${until}`
  }

  pass(rows: readonly Ending[]): void {
    const last = rows.length === lookSize ? rows.at(-1) : undefined
    this.#at = last?.expires_at ?? 0
    this.#id = last?.id ?? ''
  }
}

type CredentialRow = Ending & {
  kind: StoredKind
  name: string
  hint: string
  organization_id: string | null
  user_id: string
}
type SecretRow = Ending & { name: string; hint: string; organization_id: string; client_id: string }

const credentialsEnding = async ({ db }: Store, place: Place, now: number): Promise<CredentialRow[]> => {
  const { rows } = await sql<CredentialRow>`
    SELECT x.id, x.kind, x.name, x.hint, x.organization_id, x.user_id, x.created_at, x.expires_at FROM credentials x
    WHERE x.revoked_at IS NULL AND ${place.condition(now)} AND NOT EXISTS (SELECT 1 FROM credentials WHERE replaces = x.id)
    ORDER BY x.expires_at, x.id LIMIT ${lookSize}`.execute(db)
  place.pass(rows)
  return rows
}

const secretsEnding = async ({ db }: Store, place: Place, now: number): Promise<SecretRow[]> => {
  const { rows } = await sql<SecretRow>`
    SELECT x.id, x.hint, x.client_id, x.created_at, x.expires_at, clients.name, clients.organization_id
    FROM client_secrets x JOIN clients ON clients.id = x.client_id
    WHERE clients.organization_id IS NOT NULL AND ${place.condition(now)}
      AND NOT EXISTS (SELECT 1 FROM client_secrets newer WHERE newer.client_id = x.client_id AND newer.id > x.id)
    ORDER BY x.expires_at, x.id LIMIT ${lookSize}`.execute(db)
  place.pass(rows)
  return rows
}

export const watchExpiring = (store: Store): Watch => {
  const [ofCredentials, ofSecrets] = [new Place(), new Place()]
  return async (now) => {
    const ending = [
      ...(await credentialsEnding(store, ofCredentials, now)).map((row) => ({
        ...row,
        ...ownerOf(row),
        subjectKind: row.kind as string,
        subjectId: row.id,
      })),
      ...(await secretsEnding(store, ofSecrets, now)).map((row) => ({
        ...row,
        organizationId: row.organization_id as string | null,
        userId: null,
        subjectKind: 'client_secret',
        subjectId: row.client_id,
      })),
    ]
    const settings = await settingsOf(
      store.db,
      ending.flatMap(({ organizationId }) => organizationId ?? []),
    )
    return ending.flatMap((row): NewAlert[] => {
      const { organizationId, userId, subjectKind, subjectId, name, hint, expires_at } = row
      const stage = stageOf(row, settings(organizationId).thresholds.expiring_days, now)
      if (stage === undefined) return []
      return [
        {
          kind: 'credential.expiring',
          organizationId,
          userId,
          subjectKind,
          subjectId,
          period: [row.id, expires_at, stage].join('|'),
          detail: {
            name,
            hint,
            expires_at: formatTime(expires_at),
            days_left: Math.max(0, Math.ceil((expires_at - now) / day)),
          },
        },
      ]
    })
  }
}
