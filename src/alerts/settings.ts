// What an organization wants to be alerted of, from what on, and whether by e-mail. Only what differs from the usual is kept.
import type { Kysely } from 'kysely'
import { type Actor, requireRole } from '../accounts/actor.ts'
import { findOrganization } from '../accounts/organizations/organization.ts'
import { recordChange } from '../audit/record.ts'
import { Refusal } from '../errors.ts'
import type { Schema } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import { type AlertKindName, alertKindNames, alertKinds, isOptional } from './kinds.ts'

export interface Thresholds {
  /** Of a month's quota. */
  quota_percent: number
  /** Days before the end; once more three days before it, and when it has come. */
  expiring_days: number
  unused_days: number
  /** Refused requests within one to two hours, and their share of all. */
  failing_count: number
  failing_percent: number
}

const usualThresholds: Thresholds = {
  quota_percent: 80,
  expiring_days: 14,
  unused_days: 90,
  failing_count: 100,
  failing_percent: 50,
}

export const thresholdBounds: Readonly<Record<keyof Thresholds, readonly [least: number, most: number]>> = {
  quota_percent: [50, 99],
  expiring_days: [1, 30],
  unused_days: [30, 365],
  failing_count: [10, 1_000_000],
  failing_percent: [1, 100],
}

/** As it is kept. */
interface Kept extends Partial<Thresholds> {
  /** Kinds that are not raised. */
  off?: AlertKindName[]
  /** Kinds that are raised, but not sent by e-mail. */
  silent?: AlertKindName[]
}

export interface AlertSettings {
  isRaised: (kind: AlertKindName) => boolean
  isMailed: (kind: AlertKindName) => boolean
  thresholds: Thresholds
}

const toSettings = ({ off = [], silent = [], ...thresholds }: Kept): AlertSettings => ({
  isRaised: (kind) => !off.includes(kind),
  isMailed: (kind) => !silent.includes(kind),
  thresholds: { ...usualThresholds, ...thresholds },
})

const usualSettings = toSettings({})

const keptOf = async (db: Kysely<Schema>, ids: readonly string[]): Promise<Map<string, Kept>> => {
  if (ids.length === 0) return new Map()
  const rows = await db.selectFrom('alert_settings').selectAll().where('organization_id', 'in', ids).execute()
  return new Map(rows.map((row) => [row.organization_id, JSON.parse(row.settings) as Kept]))
}

/** Of each organization; a person's, null, are the usual. */
export const settingsOf = async (
  db: Kysely<Schema>,
  organizationIds: Iterable<string>,
): Promise<(organizationId: string | null) => AlertSettings> => {
  const kept = await keptOf(db, [...new Set(organizationIds)])
  const settings = new Map([...kept].map(([id, values]) => [id, toSettings(values)]))
  return (id) => (id === null ? undefined : settings.get(id)) ?? usualSettings
}

export interface AlertSettingsJson extends Thresholds {
  kinds: { kind: AlertKindName; label: string; optional: boolean; raised: boolean; email: boolean }[]
}

const toJson = (kept: Kept): AlertSettingsJson => {
  const { isRaised, isMailed, thresholds } = toSettings(kept)
  return {
    kinds: alertKindNames.map((kind) => ({
      kind,
      label: alertKinds[kind].label,
      optional: isOptional(kind),
      raised: isRaised(kind),
      email: isRaised(kind) && isMailed(kind),
    })),
    ...thresholds,
  }
}

/** For viewers. Throws as `requireRole`. */
export const getAlertSettings = async (
  store: Store,
  actor: Actor,
  organizationId: string,
): Promise<AlertSettingsJson> => {
  requireRole(actor, organizationId, 'viewer', 'alerts')
  await findOrganization(store.db, actor, organizationId)
  return toJson((await keptOf(store.db, [organizationId])).get(organizationId) ?? {})
}

export interface AlertSettingsChange extends Partial<Thresholds> {
  kinds?: { kind: string; raised?: boolean; email?: boolean }[]
}

const withKinds = (kept: Kept, changes: AlertSettingsChange['kinds'] = []): Kept => {
  const off = new Set(kept.off)
  const silent = new Set(kept.silent)
  for (const { kind, raised, email } of changes) {
    const name = alertKindNames.find((known) => known === kind)
    if (name === undefined) throw new Refusal('invalid_request', `There is no kind of alert "${kind}".`)
    if (!isOptional(name) && (raised === false || email === false))
      throw new Refusal('invalid_request', `Alerts of the kind ${kind} cannot be turned off.`)
    for (const [wanted, set] of [
      [raised, off],
      [email, silent],
    ] as const) {
      if (wanted === true) set.delete(name)
      if (wanted === false) set.add(name)
    }
  }
  return { ...kept, off: [...off].toSorted(), silent: [...silent].toSorted() }
}

/** For admins. Throws as `requireRole`, and `invalid_request`. */
export const updateAlertSettings = (
  store: Store,
  actor: Actor,
  organizationId: string,
  { kinds, ...thresholds }: AlertSettingsChange,
  now: number,
): Promise<AlertSettingsJson> => {
  requireRole(actor, organizationId, 'admin', 'alerts')
  return store.transaction(async (trx) => {
    await findOrganization(trx, actor, organizationId)
    const before = (await keptOf(trx, [organizationId])).get(organizationId) ?? {}
    const after: Kept = { ...withKinds(before, kinds), ...thresholds }
    const settings = JSON.stringify(after)
    await trx
      .insertInto('alert_settings')
      .values({ organization_id: organizationId, settings })
      .onConflict((conflict) => conflict.column('organization_id').doUpdateSet({ settings }))
      .execute()
    await recordChange(trx, actor, now, {
      action: 'alerts.settings_changed',
      targetKind: 'organization',
      targetId: organizationId,
      organizationId,
      detail: { ...after },
    })
    return toJson(after)
  })
}
