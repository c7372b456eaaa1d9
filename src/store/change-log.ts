// What has been changed of the records that the hot path keeps in memory, on SQLite: every change notes in its own transaction what it
// changed, by triggers, so that nothing that changes anything can forget it. A process that finds that somebody has committed reads what,
// and drops no more than that.
import type { DatabaseSync } from 'node:sqlite'
import { type Kysely, sql } from 'kysely'

/** `user`: with memberships, and the organizations that these are in. `hash`: of a credential that is new. */
export type Changed = 'credential' | 'organization' | 'user' | 'client' | 'grant' | 'token' | 'signing_key' | 'hash'

/** Changes that are kept in the file. A process that has looked away for longer than these begins anew. */
const maxKept = 100_000
/** Changes that are read one by one, and remembered; more at once, and the cache begins anew. */
const maxRemembered = 20_000

const note = (kind: Changed, id: string): string => `INSERT INTO changes (kind, id) VALUES ('${kind}', ${id});`

/** Of whoever is a member: the records of people tell their organizations' tiers, and leave suspended ones out. */
const members = `INSERT INTO changes (kind, id) SELECT 'user', user_id FROM members WHERE organization_id = OLD.id;`

/** Table → what happens to it → what that changes. Only what a look-up reads (records.ts). */
const triggers: Record<string, Record<string, string>> = {
  credentials: {
    INSERT: note('hash', 'NEW.hash'),
    UPDATE: note('credential', 'OLD.id'),
    'UPDATE OF hash': note('hash', 'NEW.hash'),
    DELETE: note('credential', 'OLD.id'),
  },
  credential_organizations: {
    INSERT: note('credential', 'NEW.credential_id'),
    UPDATE: note('credential', 'OLD.credential_id') + note('credential', 'NEW.credential_id'),
    DELETE: note('credential', 'OLD.credential_id'),
  },
  organizations: {
    INSERT: note('organization', 'NEW.id'),
    'UPDATE OF id, tier, suspended_at': note('organization', 'OLD.id') + members,
    DELETE: note('organization', 'OLD.id'),
  },
  users: {
    INSERT: note('user', 'NEW.id'),
    'UPDATE OF id, operator, suspended_at': note('user', 'OLD.id'),
    DELETE: note('user', 'OLD.id'),
  },
  members: {
    INSERT: note('user', 'NEW.user_id'),
    UPDATE: note('user', 'OLD.user_id') + note('user', 'NEW.user_id'),
    DELETE: note('user', 'OLD.user_id'),
  },
  clients: { UPDATE: note('client', 'OLD.id'), DELETE: note('client', 'OLD.id') },
  client_secrets: {
    INSERT: note('client', 'NEW.client_id'),
    UPDATE: note('client', 'OLD.client_id') + note('client', 'NEW.client_id'),
    DELETE: note('client', 'OLD.client_id'),
  },
  grants: { UPDATE: note('grant', 'OLD.id'), DELETE: note('grant', 'OLD.id') },
  revoked_tokens: { INSERT: note('token', 'NEW.id'), DELETE: note('token', 'OLD.id') },
  signing_keys: {
    INSERT: note('signing_key', "''"),
    UPDATE: note('signing_key', "''"),
    DELETE: note('signing_key', "''"),
  },
  // the numbers go on: those that are kept are always the latest
  changes: { INSERT: `DELETE FROM changes WHERE seq <= NEW.seq - ${maxKept};` },
}

const definitions = Object.entries(triggers).flatMap(([table, events]) =>
  Object.entries(events).map(([event, body]) => {
    const name = `changes_${table}_${event.replaceAll(/\W+/g, '_').toLowerCase()}`
    return { name, statement: `CREATE TRIGGER ${name} AFTER ${event} ON ${table} BEGIN ${body} END` }
  }),
)

/**
 * Makes the table and the triggers, where they are not yet as here. They belong to the file and not to its migrations: a migration may make
 * a table anew, which drops its triggers, and backups have none. To be called in the transaction that migrates: no commit comes in between.
 */
export const installChangeLog = async (trx: Kysely<never>): Promise<void> => {
  const { rows } = await sql<{ name: string; sql: string }>`SELECT name, sql FROM sqlite_schema
    WHERE (type = 'trigger' OR type = 'table') AND substr(name, 1, 7) = 'changes'`.execute(trx)
  const found = new Map(rows.map((row) => [row.name, row.sql]))
  if (!found.delete('changes'))
    await sql`CREATE TABLE changes (seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL)`.execute(trx)
  for (const { name, statement } of definitions) {
    const present = found.get(name)
    found.delete(name)
    if (present === statement) continue
    if (present !== undefined) await sql`DROP TRIGGER ${sql.id(name)}`.execute(trx)
    await sql.raw(statement).execute(trx)
  }
  for (const name of found.keys()) await sql`DROP TRIGGER ${sql.id(name)}`.execute(trx)
}

export interface Listener {
  /** A credential with this hash has been made. */
  added(hash: string): void
  /** Anything may have changed. */
  forget(): void
}

export class ChangeLog {
  readonly #version: () => number
  readonly #listener: Listener
  readonly #latest: () => number
  readonly #after: (seq: number) => [seq: number, kind: Changed, id: string][]
  /** The version at which the log was last read. */
  #readAt: number | undefined
  /** The last number that was read. */
  #seq = 0
  /** The last one of a change to a record. */
  #position = 0
  /** What was found before is not known to be right. */
  #floor = 0
  readonly #changedAt = new Map<string, number>()

  /** `version` differs once anybody has committed. `reader` never writes. */
  constructor(reader: DatabaseSync, version: () => number, listener: Listener) {
    this.#version = version
    this.#listener = listener
    const latest = reader.prepare('SELECT coalesce(max(seq), 0) FROM changes')
    latest.setReturnArrays(true)
    this.#latest = () => (latest.get() as unknown as [number])[0]
    const after = reader.prepare(
      `SELECT seq, kind, id FROM changes WHERE seq > ? ORDER BY seq LIMIT ${maxRemembered + 1}`,
    )
    after.setReturnArrays(true)
    this.#after = (seq) => after.all(seq) as unknown as [number, Changed, string][]
  }

  /** Reads what has been committed. What is looked up afterwards is right as of the number that this returns, or newer. */
  position(): number {
    const version = this.#version()
    if (version !== this.#readAt) {
      this.#read()
      this.#readAt = version
    }
    return this.#position
  }

  /** Whether what was right as of `position` may not be so any more. After `position()`, in the same run. */
  hasChanged(kind: Changed, id: string, position: number): boolean {
    return position < this.#floor || (this.#changedAt.get(kind + id) ?? 0) > position
  }

  #read(): void {
    if (this.#readAt === undefined) return this.#beginAnew()
    const changes = this.#after(this.#seq)
    const last = changes.at(-1)
    if (last === undefined) return
    const isWhole = changes.length <= maxRemembered && last[0] - this.#seq === changes.length
    if (!isWhole || this.#changedAt.size + changes.length > maxRemembered) return this.#beginAnew()
    for (const [seq, kind, id] of changes) {
      if (kind === 'hash') this.#listener.added(id)
      else {
        this.#changedAt.set(kind + id, seq)
        this.#position = seq
      }
    }
    this.#seq = last[0] // after a fault all of them are read again
  }

  /** What was found before now is not trusted. Something has been noted since then, or nothing has been found yet. */
  #beginAnew(): void {
    const latest = this.#latest() // first: after a fault here nothing has been forgotten
    this.#listener.forget()
    this.#changedAt.clear()
    this.#seq = latest
    this.#position = this.#seq
    this.#floor = this.#seq
  }
}
