// The latest decisions, for people who watch: every refusal and every request let in as long as they are few, else some of them.
import type { ActivitySchema } from '../store/activity-schema.ts'
import type { Api } from '../config/config.ts'
import { idAt } from '../store/time-id.ts'
import type { Decision, Judgement } from '../verify/decision.ts'
import { shownPath } from '../shown-path.ts'
import { shownAgent } from './shown-agent.ts'
import type { Count } from './window.ts'

export type DecisionRow = ActivitySchema['decisions']

/** Of one owner in one second. */
const maxAllowed = 5
const maxDenied = 20
/** Characters of a path. */
const maxPath = 200
/** Of all owners between two writes; those let in leave half of it to those refused. */
const maxRows = 400

export class Tail {
  #rows: DecisionRow[] = []

  note(count: Count, api: Api, decision: Decision, { caller }: Judgement, now: number): void {
    const { owner } = count
    if (now - owner.since >= 1000) {
      owner.since = now
      owner.allowed = 0
      owner.denied = 0
    }
    if (decision.valid ? (owner.allowed += 1) > maxAllowed : (owner.denied += 1) > maxDenied) return
    if (this.#rows.length >= (decision.valid ? maxRows / 2 : maxRows)) return
    const { ip, userAgent, method, path, requestId } = caller ?? {}
    const of = decision.valid ? undefined : decision.of
    this.#rows.push({
      id: idAt(now),
      at: now,
      owner_id: owner.id,
      api: api.name,
      environment: count.environment || null,
      credential_kind: decision.principal?.kind ?? of?.kind ?? null,
      credential_id: count.used.credentialId || null,
      code: decision.code,
      failed_check: decision.valid ? null : decision.reason.check,
      detail: decision.valid ? null : decision.reason.detail,
      method: method?.slice(0, 20) ?? null,
      path: path === undefined ? null : shownPath(path, maxPath),
      ip: ip || null,
      user_agent: userAgent === undefined ? null : shownAgent(userAgent),
      request_id: requestId ?? null,
    })
  }

  /** What has been noted, to be written; it is noted no more. */
  take(): DecisionRow[] {
    const rows = this.#rows
    this.#rows = []
    return rows
  }
}
