// Lists of the management API on a large store: 10,000 keys in one organization, 5,000 organizations of one person, 1,000,000 audit entries.
// Reads {scale, rounds} from standard input, writes {lists: [{question, milliseconds, cpu}]}: how long each answer took, as the dashboard asks for it, and
// how much CPU time it took, milliseconds.
import { randomUUIDv7 } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { startSession } from '../src/accounts/sessions.ts'
import { buildApp } from '../src/app.ts'
import { loadConfig } from '../src/config/config.ts'
import { hashOf } from '../src/credentials/format.ts'
import { createLog } from '../src/log.ts'
import { idAt } from '../src/store/time-id.ts'
import { fillInBulk } from './bulk.ts'
import { environment } from './latchkey.ts'

export interface ListsResult {
  lists: { question: string; milliseconds: number[]; cpu: number[] }[]
}

const { scale, rounds } = (await json(process.stdin)) as { scale: number; rounds: number }
const counts = { keys: 10_000 * scale, organizations: 5_000 * scale, audit: 1_000_000 * scale }

const now = Date.now()
const minute = 60_000
const actions = ['api_key.created', 'api_key.revoked', 'member.added', 'client.created', 'session.started']

const folder = mkdtempSync(join(tmpdir(), 'latchkey-lists-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
const open = async () =>
  buildApp(await loadConfig(environment(folder)), { log: createLog('silent'), localOperator: true })

const person = randomUUIDv7()
const organizations = Array.from({ length: counts.organizations }, () => randomUUIDv7())
const idOf = (index: number): string => organizations[index] as string
const uses = new Map<string, number>()

await (await open()).close() // makes the store
fillInBulk(folder, ({ rows }) => {
  rows('users', 1, () => ({
    id: person,
    email: 'bench@example.com',
    name: 'Bench',
    operator: 0,
    password_hash: null,
    suspended_at: null,
    created_at: now,
  }))
  rows('organizations', counts.organizations, (i) => ({
    id: idOf(i),
    name: `Organization ${i}`,
    tier: 'free',
    suspended_at: null,
    created_at: now,
  }))
  rows('members', counts.organizations, (i) => ({
    organization_id: idOf(i),
    user_id: person,
    role: 'owner',
    created_at: now,
  }))
  rows('credentials', counts.keys, (i) => {
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
  rows('audit', counts.audit, (i) => {
    const at = now - (counts.audit - i) * 1000
    return {
      id: idAt(at),
      at,
      actor_kind: 'session',
      actor_id: person,
      action: actions[i % actions.length] as string,
      target_kind: 'api_key',
      target_id: idOf(i % 11 === 0 ? 1 : i % counts.organizations),
      organization_id: idOf(i % 10 === 0 ? i % counts.organizations : 0),
      ip: '192.0.2.1',
      request_id: null,
      detail: '{"name":"Key"}',
      user_id: i % 7 === 0 ? person : null,
    }
  })
})
const app = await open()
const { store } = app
await store.recordLastUse(uses)

const { value } = await startSession(store, person, { ip: '127.0.0.1' }, now)
const headers = { host: 'localhost', cookie: `latchkey_session=${value}`, 'x-latchkey-dashboard': '1' }

const of = `/organizations/${idOf(0)}`
const period = (from: number, to: number): string =>
  `since=${new Date(now - counts.audit * from).toISOString()}&until=${new Date(now - counts.audit * to).toISOString()}`
/** As the dashboard asks. Deep pages: some thousand entries further in the same list. */
const questions: Record<string, string | { deep: string }> = {
  'who the caller is': '/users/me',
  'organizations, first page': '/organizations',
  'organizations, deep page': { deep: '/organizations' },
  'organizations, search': '/organizations?q=4321',
  'organizations, search that finds none': '/organizations?q=nothing',
  'keys, first page': `${of}/api-keys?status=active`,
  'keys, deep page': { deep: `${of}/api-keys` },
  'keys, search': `${of}/api-keys?q=Key%20987`,
  'keys, search that finds none': `${of}/api-keys?q=nothing`,
  'keys by last use': `${of}/api-keys?sort=last_used`,
  'keys by last use, deep page': { deep: `${of}/api-keys?sort=-last_used` },
  'keys by last use, search': `${of}/api-keys?sort=-last_used&q=Key%209`,
  'keys by name': `${of}/api-keys?sort=name`,
  'keys by name, deep page': { deep: `${of}/api-keys?sort=name` },
  'keys by end': `${of}/api-keys?sort=expires&status=active`,
  'audit, first page': `${of}/audit`,
  'audit, deep page': { deep: `${of}/audit` },
  'audit, one action': `${of}/audit?action=client.created`,
  'audit, actions that begin alike': `${of}/audit?action=api_key.*`,
  'audit, one person': `${of}/audit?user_id=${person}`,
  'audit, one actor': `${of}/audit?actor_id=${person}`,
  'audit, one target': `${of}/audit?target_id=${idOf(1)}`,
  'audit, one target and person': `${of}/audit?target_id=${idOf(1)}&user_id=${person}&action=client.created`,
  'audit, a while long ago': `${of}/audit?${period(900, 899)}`,
  'audit, a person, an action and a while': `${of}/audit?user_id=${person}&action=member.added&${period(900, 500)}`,
  'audit, search': `${of}/audit?q=revoked`,
  'audit, search for a target': `${of}/audit?q=${idOf(1)}`,
  'audit, search that finds none': `${of}/audit?q=nothing`,
}

const ask = async (question: string, path: string): Promise<{ next_cursor: string | null }> => {
  const response = await app.server.inject({ method: 'GET', url: `/api/v1${path}`, headers })
  if (response.statusCode !== 200) throw new Error(`${question}: ${response.statusCode} ${response.body}`)
  return response.json()
}

/** The same list some thousand entries further. */
const deepIn = async (question: string, path: string): Promise<string> => {
  const join = path.includes('?') ? '&' : '?'
  let deep = path
  for (let page = 0; page < 20; page++) {
    const { next_cursor: cursor } = await ask(question, `${deep}${deep === path ? join : '&'}limit=200`)
    if (cursor === null) break
    deep = `${path}${join}cursor=${cursor}`
  }
  return deep
}

const result: ListsResult = { lists: [] }
for (const [question, url] of Object.entries(questions)) {
  const path = typeof url === 'string' ? url : await deepIn(question, url.deep)
  await ask(question, path)
  const milliseconds: number[] = []
  const cpu: number[] = []
  for (let round = 0; round < rounds; round++) {
    const [startedAt, before] = [performance.now(), process.cpuUsage()]
    await ask(question, path)
    milliseconds.push(performance.now() - startedAt)
    const { user, system } = process.cpuUsage(before)
    cpu.push((user + system) / 1000)
  }
  result.lists.push({ question, milliseconds, cpu })
}
await app.close()
console.log(JSON.stringify(result))
