// The audit trail as a file: whole, under the filters of the list, harmless in a spreadsheet, and itself on record.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'csv-parse/sync'
import { launch, world } from '../harness.ts'

const scene = async (t: Parameters<typeof launch>[0]) => {
  const launched = await launch(t)
  const acme = await world(launched)
  const { token } = await acme.token()
  const get = (path: string, as = token) => launched.ask('GET', `/api/v1${path}`, { as })
  return { ...launched, acme, get, path: `/organizations/${acme.organization}/audit` }
}

test('CSV has a line for every entry, of more than one page', async (t) => {
  const { acme, operate, get, path } = await scene(t)
  for (let count = 0; count < 620; count++)
    await operate('PATCH', path.replace('/audit', ''), { name: `Name ${count}` })
  const answer = await get(`${path}/export?format=csv&action=organization.updated`)
  assert.equal(answer.statusCode, 200)
  assert.match(String(answer.headers['content-type']), /^text\/csv/)
  assert.match(String(answer.headers['content-disposition']), /^attachment; filename="audit-[\dT-]+Z\.csv"$/)
  assert.equal(answer.headers['cache-control'], 'no-store')
  const lines: Record<string, string>[] = parse(answer.body, { columns: true, record_delimiter: '\r\n' })
  assert.equal(lines.length, 620)
  assert.equal(new Set(lines.map(({ id }) => id)).size, 620)
  assert.deepEqual(
    [lines[0]?.action, lines[0]?.target_name, lines[0]?.organization_id],
    ['organization.updated', 'Name 619', acme.organization],
  )
})

test('nothing in it is a formula to a spreadsheet', async (t) => {
  const { operate, get, path } = await scene(t)
  const names = ['=cmd|"/C calc"!A0', '+1', '-1', '@SUM(1)', 'a "quoted", text', '=1,"=2"', '＝1']
  for (const name of names) await operate('PATCH', path.replace('/audit', ''), { name })
  const { body } = await get(`${path}/export?action=organization.updated`)
  const lines: string[][] = parse(body, { record_delimiter: '\r\n' })
  for (const line of lines) for (const value of line) assert.doesNotMatch(value, /^[=+\-@\t\r＝]/)
  const names_ = lines.map(([, , , , , , , , name]) => name)
  assert.equal(names_[1], "'＝1")
})

test('JSON is one document with what the list tells', async (t) => {
  const { acme, get, path } = await scene(t)
  await acme.key()
  const answer = await get(`${path}/export?format=json`)
  assert.match(String(answer.headers['content-type']), /^application\/json/)
  const document = answer.json<{ exported_at: string; data: { action: string }[] }>()
  const listed = (await get(path)).json<{ data: { action: string }[] }>().data
  assert.deepEqual(document.data, listed)
  assert.equal(document.data[0]?.action, 'audit.exported', 'that it was taken stands in it')
  const none = await get(`${path}/export?format=json&action=nothing.happened`)
  assert.deepEqual(none.json<{ data: object[] }>().data, [])
})

test('an export is an entry of its own, with its filters', async (t) => {
  const { acme, get, path } = await scene(t)
  await get(`${path}/export?format=csv&since=2026-01-01T00:00:00%2B01:00&q=key`)
  const [entry] = (await get(`${path}?action=audit.exported`)).json<{ data: Record<string, unknown>[] }>().data
  assert.deepEqual(
    [entry?.target_kind, entry?.target_id, entry?.user_id, entry?.detail],
    [
      'audit',
      acme.organization,
      acme.owner,
      { format: 'csv', filters: { since: '2025-12-31T23:00:00.000Z', q: 'key' } },
    ],
  )
})

test('nobody takes away what they may not read', async (t) => {
  const launched = await scene(t)
  const other = await world(launched)
  const { get, path, acme } = launched
  const stranger = (await other.token()).token
  assert.equal((await get(`${path}/export`, stranger)).statusCode, 403)
  assert.equal((await get('/audit/export')).statusCode, 403)
  assert.equal((await get(`${path}/export?format=xml`)).statusCode, 400)
  assert.equal((await get(`${path}/export?since=never`)).statusCode, 400)
  const entries = (await get(path)).json<{ data: { action: string }[] }>().data
  assert.equal(
    entries.filter(({ action }) => action === 'audit.exported').length,
    0,
    'what was refused leaves no export',
  )
  const viewer = await launched.operate<{ id: string }>('POST', '/users', { email: 'viewer@example.com', name: 'V' })
  await launched.operate('POST', `/organizations/${acme.organization}/members`, { user_id: viewer.id, role: 'member' })
  const { token } = await launched.operate<{ token: string }>('POST', `/users/${viewer.id}/tokens`, {
    name: 'T',
    all_organizations: true,
  })
  assert.equal((await get(`${path}/export`, token)).statusCode, 403)
})
