// The list of one's own personal access tokens: searched, filtered, and with the names of the organizations that each reaches.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { maxNamedOrganizations } from '../../src/credentials/token.ts'
import { refused, scene } from './scene.ts'

const world = await scene()
const { call, clock, operate, person } = world

interface Listed {
  id: string
  name: string
  state: string
  organization_ids: string[]
  organizations: { id: string; name: string | null }[]
}

const list = async (as: string, query = ''): Promise<Listed[]> => {
  const { status, body } = await call(as, 'GET', `/account/tokens${query}`)
  assert.equal(status, 200, JSON.stringify(body))
  return body.data as unknown as Listed[]
}

const names = async (as: string, query: string): Promise<string[]> =>
  (await list(as, query)).map(({ name }) => name).toSorted()

test('a part of the name or the hint finds a token, whatever its case; wildcards stand for themselves', async () => {
  const { token: as } = await person()
  for (const name of ['CI/CD pipeline', 'Backup 100%', 'Backup_old'])
    await call(as, 'POST', '/account/tokens', { name, all_organizations: true })
  const made = await call(as, 'POST', '/account/tokens', { name: 'By hint', all_organizations: true })
  assert.deepEqual(await names(as, '?q=ci%2Fcd'), ['CI/CD pipeline'])
  assert.deepEqual(await names(as, '?q=BACKUP'), ['Backup 100%', 'Backup_old'])
  assert.deepEqual(await names(as, '?q=%25'), ['Backup 100%'])
  assert.deepEqual(await names(as, '?q=p_o'), ['Backup_old'])
  assert.ok((await names(as, `?q=${String(made.body.hint).slice(-4)}`)).includes('By hint'))
  assert.equal((await names(as, '?q=')).length, 5)
  assert.deepEqual(await names(as, '?q=nothing+like+it'), [])
  refused(await call(as, 'GET', `/account/tokens?q=${'x'.repeat(101)}`), 'invalid_request')
  refused(await call(as, 'GET', '/account/tokens?q=%00'), 'invalid_request')
  const other = await person()
  assert.deepEqual(await names(other.token, '?q=CI'), [], 'a search stays among one’s own')
})

test('each says whether it is let in, and may be asked for by that', async () => {
  const { token: as } = await person()
  const make = async (name: string, fields: object = {}): Promise<string> =>
    String((await call(as, 'POST', '/account/tokens', { name, all_organizations: true, ...fields })).body.id)
  await make('Active')
  await make('Short', { expires_in: 60 })
  const revoked = await make('Revoked', { expires_in: 60 })
  await call(as, 'DELETE', `/account/tokens/${revoked}`)
  clock.advance(60_000)
  const states = new Map((await list(as)).map(({ name, state }) => [name, state]))
  assert.deepEqual(
    ['Active', 'Short', 'Revoked'].map((name) => states.get(name)),
    ['active', 'expired', 'revoked'],
  )
  assert.deepEqual(await names(as, '?status=expired'), ['Short'])
  assert.deepEqual(await names(as, '?status=revoked'), ['Revoked'])
  assert.deepEqual(await names(as, '?status=active&q=ACT'), ['Active'])
  refused(await call(as, 'GET', '/account/tokens?status=gone'), 'invalid_request')
})

test('organizations are named, the first of them by name; one that its owner has left is not', async () => {
  const ada = await person()
  const left = await world.organization(ada.id, 'Left')
  await operate('POST', `/organizations/${left}/members`, { user_id: (await person()).id, role: 'owner' })
  const ids: string[] = []
  for (let i = 0; i < maxNamedOrganizations + 5; i++)
    ids.push(await world.organization(ada.id, `Org ${String(i).padStart(2, '0')}`))
  await call(ada.token, 'POST', '/account/tokens', { name: 'Many', organization_ids: ids })
  await call(ada.token, 'POST', '/account/tokens', { name: 'Few', organization_ids: [left, ids[1], ids[0]] })
  await operate('DELETE', `/organizations/${left}/members/${ada.id}`)
  await operate('PATCH', `/organizations/${left}`, { name: 'Renamed since' })
  const [few, many] = await list(ada.token)
  assert.equal(many?.organization_ids.length, maxNamedOrganizations + 5)
  assert.deepEqual(
    many?.organizations.map(({ name }) => name),
    Array.from({ length: maxNamedOrganizations }, (_, i) => `Org ${String(i).padStart(2, '0')}`),
  )
  assert.deepEqual(few?.organizations, [
    { id: ids[0], name: 'Org 00' },
    { id: ids[1], name: 'Org 01' },
    { id: left, name: null },
  ])
  const all = (await list(ada.token)).find(({ id }) => id === ada.tokenId)
  assert.deepEqual([all?.organization_ids, all?.organizations], [[], []])
})

test('pages of a searched list follow one another without gaps', async () => {
  const { token: as } = await person()
  for (let i = 0; i < 7; i++)
    await call(as, 'POST', '/account/tokens', { name: i % 2 === 0 ? `Even ${i}` : `Odd ${i}`, all_organizations: true })
  const seen: string[] = []
  let cursor = ''
  do {
    const { body } = await call(as, 'GET', `/account/tokens?q=even&limit=3${cursor}`)
    seen.push(...body.data.map(({ name }) => String(name)))
    cursor = body.next_cursor === null ? '' : `&cursor=${body.next_cursor}`
  } while (cursor !== '')
  assert.deepEqual(seen, ['Even 6', 'Even 4', 'Even 2', 'Even 0'])
})
