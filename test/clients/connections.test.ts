// What an organization sees of its clients before it changes one: who made it, how many people it acts for.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Client } from '../../src/clients/client.ts'
import { scene } from '../accounts/applications-scene.ts'
import { launch, world } from '../harness.ts'

test('people and grants count while they hold, each person once', async (t) => {
  const ada = await scene(t)
  const { clock, clientId, launched } = ada
  const counted = () => launched.operate('GET', `/organizations/${ada.organization}/clients/${clientId}/connections`)
  assert.deepEqual(await counted(), { people: 0, grants: 0 })
  await ada.connect(clientId)
  await ada.connect(clientId, 'read write')
  assert.deepEqual(await counted(), { people: 1, grants: 2 })
  clock.advance(400 * 86_400_000)
  assert.deepEqual(await counted(), { people: 0, grants: 0 }, 'what is over')
  await ada.connect(clientId)
  assert.deepEqual(await counted(), { people: 1, grants: 1 })
  await launched.operate('DELETE', `/users/${ada.ada}/applications/${clientId}`)
  assert.deepEqual(await counted(), { people: 0, grants: 0 }, 'what was taken back')
})

test('clients are found by a part of their name or id, and say who made them', async (t) => {
  const launched = await launch(t)
  const acme = await world(launched)
  const { token } = await acme.token()
  const clients = `/api/v1/organizations/${acme.organization}/clients`
  for (const name of ['Nightly export', 'Web shop', 'Export 100%'])
    await launched.ask('POST', clients, { as: token, body: { name } })
  const find = async (q: string): Promise<Client[]> =>
    (await launched.ask('GET', `${clients}?q=${encodeURIComponent(q)}`, { as: token })).json<{ data: Client[] }>().data
  const names = async (q: string) => (await find(q)).map(({ name }) => name)
  assert.deepEqual(await names('EXPORT'), ['Export 100%', 'Nightly export'])
  assert.deepEqual(await names('%'), ['Export 100%'])
  const [shop] = await find('shop')
  assert.deepEqual(await names(shop?.client_id.slice(-8) ?? ''), ['Web shop'])
  assert.equal(shop?.created_by, acme.owner)
  assert.match(String(shop?.created_by_name), /^Person /)
  const elsewhere = await world(launched)
  await elsewhere.client({ name: 'Export of others' })
  assert.deepEqual(await names('others'), [])
})
