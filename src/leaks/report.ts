// Answers to credentials that were found where others can read them: written down, told to whoever they belong to, and, where the policy of
// their environment says so, ended at once by the same verbs as by people. Saying it again changes nothing.
import { hash } from 'node:crypto'
import { type Actor, actorWith } from '../accounts/actor.ts'
import { raiseAlerts } from '../alerts/raise.ts'
import { recordChange } from '../audit/record.ts'
import type { Config } from '../config/config.ts'
import { revokePresented } from '../credentials/revoke.ts'
import { revokeGrant } from '../oauth/person-grant.ts'
import type { SecretBox } from '../secret-box.ts'
import type { Store } from '../store/store.ts'
import { type Known, findKnown } from './known.ts'

export interface Leak {
  value: string
  /** Where it was found; null: not told. */
  url: string | null
}

export interface LeakResult {
  /** null: it is none of this deployment's. */
  kind: Known['kind'] | null
  /** Of the key or token, of the client of a secret, or of the grant of a refresh token. */
  id: string | null
  organization_id: string | null
  done: 'revoked' | 'notified' | 'ended' | 'unknown'
}

export interface LeaksDeps {
  store: Store
  config: Pick<Config, 'leaks'>
  box: SecretBox
}

/** Credentials in one report. */
export const maxLeaks = 1000

const revoke = ({ store }: LeaksDeps, actor: Actor, known: Known, now: number): Promise<unknown> => {
  if (known.kind === 'refresh_token')
    return store.transaction((trx) =>
      revokeGrant(trx, known.grant, 'its refresh token was found in public', now, actor),
    )
  if (known.kind !== 'client_secret') return revokePresented(store, () => actor, known.kind, known.hash, now)
  return store.transaction(async (trx) => {
    await trx.updateTable('client_secrets').set({ expires_at: now }).where('id', '=', known.secretId).execute()
    await recordChange(trx, actor, now, {
      action: 'client.secret_ended',
      targetKind: 'client',
      targetId: known.id,
      organizationId: known.organizationId,
      detail: { hint: known.hint },
    })
  })
}

const answerTo = async (
  deps: LeaksDeps,
  actor: Actor,
  reporter: string,
  { value, url }: Leak,
  now: number,
): Promise<LeakResult> => {
  const { store, config, box } = deps
  const known = await findKnown(store, box, value, now)
  if (!known) return { kind: null, id: null, organization_id: null, done: 'unknown' }
  const { kind, id, name, hint, organizationId, userId, environment, ended } = known
  const place = url?.replaceAll(value, hint) ?? null
  const revokes = !ended && config.leaks.policy[environment] === 'revoke'
  if (revokes) await revoke(deps, actor, known, now)
  const done = ended ? 'ended' : revokes ? 'revoked' : 'notified'
  // a client of nobody has nobody to tell; its secret is told of in the trail
  const raised =
    organizationId === null && userId === null
      ? 1
      : await raiseAlerts(
          store,
          [
            {
              kind: 'credential.leaked',
              organizationId,
              userId,
              subjectKind: kind,
              subjectId: id,
              period: [hint, hash('sha256', place ?? '')].join('|'),
              detail: { name, hint, url: place, reported_by: reporter, done },
            },
          ],
          now,
        )
  if (raised > 0)
    await store.transaction((trx) =>
      recordChange(trx, actor, now, {
        action: `${kind}.leaked`,
        targetKind: kind === 'client_secret' ? 'client' : kind === 'refresh_token' ? 'grant' : kind,
        targetId: id,
        organizationId,
        detail: { url: place, reported_by: reporter, done },
      }),
    )
  return { kind, id, organization_id: organizationId, done }
}

/** One answer for each, in order. `by`: whose word it is; `actor`: who is named in the trail. `now` answers Unix milliseconds. */
export const reportLeaks = async (
  deps: LeaksDeps,
  actor: Actor,
  reporter: string,
  leaks: readonly Leak[],
  now: () => number,
): Promise<LeakResult[]> => {
  const results: LeakResult[] = []
  // each as of its own moment: the trail is read in the order of times, and not for long behind the latest
  for (const leak of leaks) results.push(await answerTo(deps, actor, reporter, leak, now()))
  return results
}

/** Acts for whoever reports from outside. */
export const leakReport = (id: string, ip: string, requestId: string): Actor =>
  actorWith({ kind: 'leak_report', id, ip, requestId })
