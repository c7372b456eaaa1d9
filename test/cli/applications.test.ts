// latchkey applications: what a person has allowed to act in their name, listed and taken back.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openSqlite } from '../../src/store/sqlite.ts'
import { addClient, addGrant } from '../store/rows.ts'
import { desk } from './desk.ts'

test('applications: list, revoke, by whatever id a client has', async (t) => {
  const { folder, json, run, refused } = desk(t)
  const { id: userId } = await json<{ id: string }>('users', 'create', '--email', 'ada@example.com', '--name', 'Ada')
  const { id: orgId } = await json<{ id: string }>('orgs', 'create', '--name', 'Acme', '--owner', userId)
  const who = ['--user-id', userId]
  assert.equal((await run('applications', 'list', ...who)).stdout, 'This user has connected no applications.\n')
  const store = await openSqlite(folder)
  t.after(() => store.close())
  const address = 'https://notes.example/client.json'
  await addClient(store, orgId, { id: address, organization_id: null, name: 'Notes', registration: 'document' })
  const expires_at = Date.now() + 60_000
  await addGrant(store, address, userId, { organization_id: orgId, all_organizations: 0, expires_at })
  await addGrant(store, 'latchkey-cli', userId, { api: 'latchkey', scopes: 'manage', expires_at })
  const { data } = await json<{ data: { client_id: string; host: string }[] }>('applications', 'list', ...who)
  assert.deepEqual(
    data.map(({ client_id, host }) => [client_id, host]),
    [
      ['latchkey-cli', null],
      [address, 'notes.example'],
    ],
  )
  const { stdout } = await run('applications', 'list', ...who)
  assert.match(stdout, /^Client ID +Name +Host +May +Connected\n/)
  assert.match(stdout, /latchkey-cli +Latchkey command line +- +latchkey: manage \(all organizations\) +\d{4}-/)
  assert.match(stdout, /notes\.example +multi: read \(Acme\) +\d{4}-/)
  assert.deepEqual(await json('applications', 'revoke', ...who, '--client-id', address), {
    client_id: address,
    revoked: true,
  })
  assert.equal(
    (await run('applications', 'revoke', ...who, '--client-id', 'latchkey-cli')).stdout,
    'latchkey-cli has no access any more.\n',
  )
  assert.match(
    await refused('applications', 'revoke', ...who, '--client-id', address),
    /has not connected such an application/,
  )
})
