// latchkey clients: keys from a file, and what else can be said of a client; those that belong to nobody.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { keyPair } from '../clients/client-key.ts'
import { desk } from './desk.ts'

test('clients: keys and settings, made and changed', async (t) => {
  const { folder, run, json, refused } = desk(t)
  const { id: owner } = await json<{ id: string }>('users', 'create', '--email', 'ada@example.com', '--name', 'Ada')
  const { id: org } = await json<{ id: string }>('orgs', 'create', '--name', 'Acme', '--owner', owner)
  const { jwk } = keyPair('ES256', 'one')
  const file = join(folder, 'keys.json')
  writeFileSync(file, JSON.stringify({ keys: [jwk] }))
  const create = ['clients', 'create', '--org-id', org, '--name', 'Client']
  const made = await json(...create, '--jwks', file, '--dpop', '--require-par', '--uri', 'https://a.example/')
  assert.deepEqual(
    [made.jwks, made.dpop_bound, made.par_required, made.uri, made.client_secret],
    [{ keys: [jwk] }, true, true, 'https://a.example/', undefined],
  )
  const update = ['clients', 'update', '--client-id', String(made.client_id)]
  const changed = await json(
    ...update,
    '--jwks-uri',
    'https://a.example/jwks.json',
    '--no-dpop',
    '--no-require-par',
    '--subject-type',
    'pairwise',
    '--post-logout-redirect-uri',
    'https://a.example/bye',
    'https://a.example/bye-bye',
  )
  assert.deepEqual(
    [changed.jwks, changed.jwks_uri, changed.dpop_bound, changed.par_required, changed.subject_type],
    [null, 'https://a.example/jwks.json', false, false, 'pairwise'],
  )
  assert.deepEqual(changed.post_logout_redirect_uris, ['https://a.example/bye', 'https://a.example/bye-bye'])
  assert.match(await refused(...update, '--jwks-uri', 'http://a.example/jwks.json'), /must be https/)
  writeFileSync(file, '{"keys":')
  const { status, stderr } = await run(...create, '--jwks', file)
  assert.equal(status, 2)
  assert.match(stderr, /is not a JWK Set in JSON/)
})

test('clients list without an organization: those that belong to nobody', async (t) => {
  const { run, json } = desk(t)
  const { data } = await json<{ data: Record<string, unknown>[] }>('clients', 'list')
  assert.deepEqual(
    data.map(({ client_id, registration }) => [client_id, registration]),
    [['latchkey-cli', 'built_in']],
  )
  assert.match((await run('clients', 'list')).stdout, /latchkey-cli +Latchkey command line .* built_in /)
})
