// What the audit trail may be asked for, as a request says it.
import { Refusal } from '../errors.ts'
import { formatTime, parseTime } from '../rfc3339.ts'
import { lowestIdAt } from '../store/time-id.ts'

export interface AuditFilters {
  /** An action, as in `api_key.revoked`, or all that begin alike, as in `api_key.*`. */
  action?: string | undefined
  /** The person who acted, by whatever credential. */
  user_id?: string | undefined
  /** The credential that acted. Not together with `user_id`: a credential has one person. */
  actor_id?: string | undefined
  target_id?: string | undefined
  /** RFC 3339; entries from then on. */
  since?: string | undefined
  /** RFC 3339; entries before then. */
  until?: string | undefined
  /** Part of an action's name, or a target's id. */
  q?: string | undefined
}

/** The same, ready to be looked for. */
export interface Wanted {
  /** undefined: every organization, and what belongs to none. */
  organizationId: string | undefined
  userId: string | undefined
  actorId: string | undefined
  targetId: string | undefined
  /** Which actions count; undefined: all. */
  isWanted: ((action: string) => boolean) | undefined
  /** A target whose entries count whatever the action. */
  orTarget: string | undefined
  /** Ids from this one on, and before that one. */
  from: string | undefined
  before: string | undefined
}

const timeOf = (name: string, text: string | undefined): number | undefined => {
  if (text === undefined) return undefined
  const at = parseTime(text)
  if (at === undefined)
    throw new Refusal('invalid_request', `${name} is not an RFC 3339 time such as 2027-01-31T00:00:00Z.`)
  return at
}

const actionTest = ({ action, q }: AuditFilters): Wanted['isWanted'] => {
  const tests: ((name: string) => boolean)[] = []
  if (action?.endsWith('*')) tests.push((name) => name.startsWith(action.slice(0, -1)))
  else if (action !== undefined) tests.push((name) => name === action)
  if (q !== undefined) {
    // people write what they read: "API key revoked"
    const part = q.toLowerCase().replaceAll(/[\s.]+/g, '_')
    tests.push((name) => name.replaceAll('.', '_').includes(part))
  }
  return tests.length === 0 ? undefined : (name) => tests.every((test) => test(name))
}

/** Throws `invalid_request`. */
export const readFilters = (organizationId: string | undefined, filters: AuditFilters): Wanted => {
  const { user_id, actor_id, target_id, q, action } = filters
  if (user_id !== undefined && actor_id !== undefined)
    throw new Refusal('invalid_request', 'Send user_id or actor_id, not both: a credential has one person.')
  const since = timeOf('since', filters.since)
  const until = timeOf('until', filters.until)
  return {
    organizationId,
    userId: user_id,
    actorId: actor_id,
    targetId: target_id,
    isWanted: actionTest(filters),
    orTarget: action === undefined && target_id === undefined ? q : undefined,
    from: since === undefined ? undefined : lowestIdAt(since),
    before: until === undefined ? undefined : lowestIdAt(until),
  }
}

/** The filters of an export as its own audit entry tells them. */
export const toldFilters = (filters: AuditFilters): Record<string, string> => {
  const told: Record<string, string> = {}
  for (const [name, value] of Object.entries(filters))
    if (value !== undefined)
      told[name] = name === 'since' || name === 'until' ? formatTime(parseTime(value) ?? 0) : value
  return told
}
