// Lists of the management API on a large store: 10,000 keys in one organization, 5,000 organizations of one person, 1,000,000 audit entries.
// Reads {scale, rounds} from standard input, writes {lists: [{question, milliseconds}]}: how long each answer took, as the dashboard asks for it.
import { randomUUIDv7 } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import type { Insertable } from 'kysely'
import { startSession } from '../src/accounts/sessions.ts'
import { buildApp } from '../src/app.ts'
import { loadConfig } from '../src/config/config.ts'
import { hashOf } from '../src/credentials/format.ts'
import { createLog } from '../src/log.ts'
import type { Schema } from '../src/store/schema.ts'
import type { Store } from '../src/store/store.ts'
import { environment } from './latchkey.ts'

export interface ListsResult {
  lists: { question: string; milliseconds: number[] }[]
}

const { scale, rounds } = (await json(process.stdin)) as { scale: number; rounds: number }
const counts = { keys: 10_000 * scale, organizations: 5_000 * scale, audit: 1_000_000 * scale }

const now = Date.now()
const minute = 60_000
const actions = ['api_key.created', 'api_key.revoked', 'member.added', 'client.created', 'session.started']

/** In transactions of 10,000 rows. */
const fill = async <T extends keyof Schema>(
  store: Store,
  table: T,
  count: number,
  row: (index: number) => Insertable<Schema[T]>,
): Promise<void> => {
  for (let from = 0; from < count; from += 10_000) {
    await store.transaction(async (trx) => {
      for (let at = from; at < Math.min(count, from + 10_000); at += 500) {
        const rows = Array.from({ length: Math.min(500, count - at) }, (_, i) => row(at + i))
        await trx.insertInto(table).values(rows).execute()
      }
    })
  }
}

const folder = mkdtempSync(join(tmpdir(), 'latchkey-lists-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
const app = await buildApp(await loadConfig(environment(folder)), { log: createLog('silent'), localOperator: true })
const { store } = app

const person = randomUUIDv7()
await store.transaction((trx) =>
  trx
    .insertInto('users')
    .values({
      id: person,
      email: 'bench@example.com',
      name: 'Bench',
      operator: 0,
      password_hash: null,
      suspended_at: null,
      created_at: now,
    })
    .execute()
    .then(() => undefined),
)
const organizations = Array.from({ length: counts.organizations }, () => randomUUIDv7())
const idOf = (index: number): string => organizations[index] as string
await fill<'organizations'>(store, 'organizations', counts.organizations, (i) => ({
  id: idOf(i),
  name: `Organization ${i}`,
  tier: 'free',
  suspended_at: null,
  created_at: now,
}))
await fill<'members'>(store, 'members', counts.organizations, (i) => ({
  organization_id: idOf(i),
  user_id: person,
  role: 'owner',
  created_at: now,
}))
const uses = new Map<string, number>()
await fill<'credentials'>(store, 'credentials', counts.keys, (i) => {
  const id = randomUUIDv7()
  if (i % 3 > 0) uses.set(id, now - i * minute)
  return {
    id,
    kind: 'api_key',
    hash: hashOf(id),
    hint: `sk_…${String(i).padStart(4, '0').slice(-4)}`,
    name: `Key ${i} of a service`,
    user_id: person,
    organization_id: idOf(0),
    all_organizations: 0,
    environment: i % 4 === 0 ? 'test' : 'live',
    scopes: null,
    apis: null,
    lineage_id: id,
    replaces: null,
    created_at: now - i * minute,
    expires_at: i % 5 === 0 ? now + i * minute : null,
    revoked_at: i % 10 === 0 ? now : null,
    networks: null,
  }
})
await store.recordLastUse(uses)
await fill<'audit'>(store, 'audit', counts.audit, (i) => ({
  id: randomUUIDv7(),
  at: now - (counts.audit - i) * 1000,
  actor_kind: 'session',
  actor_id: person,
  action: actions[i % actions.length] as string,
  target_kind: 'api_key',
  target_id: idOf(i % counts.organizations),
  organization_id: idOf(i % 10 === 0 ? i % counts.organizations : 0),
  ip: '192.0.2.1',
  request_id: null,
  detail: '{"name":"Key"}',
  user_id: i % 7 === 0 ? person : null,
}))

const { value } = await startSession(store, person, { ip: '127.0.0.1' }, now)
const headers = { host: 'localhost', cookie: `latchkey_session=${value}`, 'x-latchkey-dashboard': '1' }

const of = `/organizations/${idOf(0)}`
const questions: Record<string, string> = {
  'organizations, first page': '/organizations',
  'organizations, search': '/organizations?q=4321',
  'keys, first page': `${of}/api-keys?status=active`,
  'keys, search': `${of}/api-keys?q=Key%20987`,
  'keys, search that finds none': `${of}/api-keys?q=nothing`,
  'keys by last use': `${of}/api-keys?sort=last_used`,
  'keys by name': `${of}/api-keys?sort=name`,
  'audit, first page': `${of}/audit`,
  'audit, one action': `${of}/audit?action=client.created`,
  'audit, one person': `${of}/audit?user_id=${person}`,
  'audit, a day long ago': `${of}/audit?since=${new Date(now - counts.audit * 900).toISOString()}&until=${new Date(now - counts.audit * 899).toISOString()}`,
  'audit, search': `${of}/audit?q=revoked`,
  'audit, search that finds none': `${of}/audit?q=nothing`,
}

const result: ListsResult = { lists: [] }
for (const [question, url] of Object.entries(questions)) {
  const milliseconds: number[] = []
  for (let round = 0; round <= rounds; round++) {
    const startedAt = performance.now()
    const response = await app.server.inject({ method: 'GET', url: `/api/v1${url}`, headers })
    if (response.statusCode !== 200) throw new Error(`${question}: ${response.statusCode} ${response.body}`)
    if (round > 0) milliseconds.push(performance.now() - startedAt)
  }
  result.lists.push({ question, milliseconds })
}
await app.close()
console.log(JSON.stringify(result))
