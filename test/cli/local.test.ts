// Every command on the store itself, as an operator: what it does, what it says, and with --json one document.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Desk, desk } from './desk.ts'

interface Made {
  id: string
}

type List = { data: Record<string, unknown>[]; next_cursor: string | null }

const nobody = '01977e4c-9d7a-7c3e-8a53-1c2f3a4b5c6d'

const owner = async ({ json }: Desk): Promise<{ userId: string; orgId: string }> => {
  const { id: userId } = await json<Made>('users', 'create', '--email', 'ada@example.com', '--name', 'Ada')
  const { id: orgId } = await json<Made>('orgs', 'create', '--name', 'Acme', '--owner', userId)
  return { userId, orgId }
}

test('users: create, list, suspend, resume, link, delete', async (t) => {
  const { run, json, refused } = desk(t)
  const empty = await run('users', 'list')
  assert.match(empty.stdout, /^There are no users yet\./)
  const user = await json('users', 'create', '--email', 'Ada@Example.com', '--name', 'Ada Lovelace', '--operator')
  assert.deepEqual(
    [user.email, user.name, user.operator, user.suspended_at],
    ['ada@example.com', 'Ada Lovelace', true, null],
  )
  assert.match(
    await refused('users', 'create', '--email', 'ada@example.com', '--name', 'Another'),
    /^latchkey: .*ada@example\.com|^latchkey: .+/,
  )
  const { id } = await json<Made>('users', 'create', '--email', 'bob@example.com', '--name', 'Bob')
  const listed = await json<List>('users', 'list')
  assert.deepEqual(
    listed.data.map(({ email, operator }) => [email, operator]),
    [
      ['bob@example.com', false],
      ['ada@example.com', true],
    ],
  )
  assert.equal(listed.next_cursor, null)
  const table = await run('users', 'list')
  assert.match(
    table.stdout,
    /^ID +E-mail +Name +Operator +Created +Suspended\n[0-9a-f-]{36} {2}bob@example\.com +Bob +no +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC {2}-\n/,
  )
  assert.notEqual((await json('users', 'suspend', '--user-id', id)).suspended_at, null)
  assert.match(
    (await run('users', 'suspend', '--user-id', id)).stdout,
    /^Bob \([0-9a-f-]{36}\) is suspended: none of their tokens work\.\n$/,
  )
  assert.equal((await json('users', 'resume', '--user-id', id)).suspended_at, null)
  const link = await json('users', 'link', '--user-id', id)
  assert.match(String(link.url), /^http:\/\/localhost:8000\/\S+su_\S+$/)
  assert.match(
    (await run('users', 'link', '--user-id', id)).stdout,
    /\n\nCopy the link now: it will not be shown again\.\nIt works once, until \d{4}-.+ UTC\.\n$/,
  )
  assert.deepEqual(await json('users', 'reset-factors', '--user-id', id), { id, authenticator_app: false, passkeys: 0 })
  assert.deepEqual(await json('users', 'delete', '--user-id', id), { id, deleted: true })
  for (const verb of ['suspend', 'resume', 'link', 'reset-factors', 'delete'])
    assert.match(await refused('users', verb, '--user-id', id), /^latchkey: /)
})

test('orgs and their members: create, list, update, suspend, resume, delete; add, update, remove, list', async (t) => {
  const at = desk(t)
  const { run, json, refused } = at
  const { userId, orgId } = await owner(at)
  const made = await json('orgs', 'create', '--name', 'Big', '--tier', 'enterprise', '--owner', userId)
  assert.equal(made.tier, 'enterprise')
  const { data } = await json<List>('orgs', 'list')
  assert.deepEqual(
    data.map(({ name, tier }) => [name, tier]),
    [
      ['Big', 'enterprise'],
      ['Acme', 'free'],
    ],
    'a new organization is free',
  )
  assert.equal((await json('orgs', 'update', '--org-id', orgId, '--tier', 'pro', '--name', 'Acme Inc.')).tier, 'pro')
  assert.match((await run('orgs', 'list')).stdout, /Acme Inc\. +pro/)
  assert.notEqual((await json('orgs', 'suspend', '--org-id', orgId)).suspended_at, null)
  assert.equal((await json('orgs', 'resume', '--org-id', orgId)).suspended_at, null)

  const invited = await run(
    'orgs',
    'invitations',
    'create',
    '--org-id',
    orgId,
    '--email',
    'c@x.example',
    '--role',
    'viewer',
  )
  assert.match(invited.stdout, /http:\/\/localhost:8000\/invitations\/in_[\w-]{43}\n/)
  const [invitation] = (await json<List>('orgs', 'invitations', 'list', '--org-id', orgId)).data
  const which = ['--org-id', orgId, '--invitation-id', String(invitation?.id)]
  assert.match((await run('orgs', 'invitations', 'list', '--org-id', orgId)).stdout, /c@x\.example +viewer +pending/)
  assert.equal((await json('orgs', 'invitations', 'resend', ...which)).status, 'pending')
  assert.match((await run('orgs', 'invitations', 'delete', ...which)).stdout, /is withdrawn/)
  assert.match(await refused('orgs', 'invitations', 'resend', ...which), /^latchkey: /)

  const { id: bob } = await json<Made>('users', 'create', '--email', 'bob@example.com', '--name', 'Bob')
  const added = await json('orgs', 'members', 'add', '--org-id', orgId, '--user-id', bob, '--role', 'viewer')
  assert.deepEqual([added.user_id, added.role], [bob, 'viewer'])
  assert.equal(
    (await json('orgs', 'members', 'update', '--org-id', orgId, '--user-id', bob, '--role', 'admin')).role,
    'admin',
  )
  const members = await json<List>('orgs', 'members', 'list', '--org-id', orgId)
  assert.deepEqual(
    new Map(members.data.map(({ email, role }) => [email, role])),
    new Map([
      ['ada@example.com', 'owner'],
      ['bob@example.com', 'admin'],
    ]),
  )
  assert.match((await run('orgs', 'members', 'list', '--org-id', orgId)).stdout, /bob@example\.com +Bob +admin/)
  assert.equal(
    (await run('orgs', 'members', 'remove', '--org-id', orgId, '--user-id', bob)).stdout,
    `User ${bob} is no member any more.\n`,
  )
  assert.match(
    await refused('orgs', 'members', 'remove', '--org-id', orgId, '--user-id', userId),
    /owner/,
    'the last owner cannot leave',
  )
  assert.match(await refused('users', 'delete', '--user-id', userId), /owner/)

  assert.deepEqual(await json('orgs', 'delete', '--org-id', orgId), { id: orgId, deleted: true })
  assert.match(await refused('orgs', 'members', 'list', '--org-id', orgId), /^latchkey: /)
  for (const verb of ['suspend', 'resume', 'delete'])
    assert.match(await refused('orgs', verb, '--org-id', nobody), /^latchkey: /)
  for (const odd of ['', '.', '..', '../users', 'x?all=true'])
    assert.match(await refused('orgs', 'delete', '--org-id', odd), /^latchkey: /)
})

test('keys: create, list, update, rotate, revoke', async (t) => {
  const at = desk(t)
  const { run, json, refused } = at
  const { userId, orgId } = await owner(at)
  const create = ['keys', 'create', '--user-id', userId, '--org-id', orgId, '--name']
  const key = await json(...create, 'Production API Key')
  assert.match(String(key.key), /^sk_(live_)?[0-9a-f]{64}$/)
  assert.deepEqual(
    [key.name, key.environment, key.expires_at, key.last_used_at],
    ['Production API Key', 'live', null, null],
  )
  const test_ = await json(
    ...create,
    'Narrow',
    '--environment',
    'test',
    '--scope',
    'read',
    '--scope',
    'write',
    '--api',
    'multi',
    '--api',
    'smally',
    '--expires-at',
    '2099-01-31',
  )
  assert.match(String(test_.key), /^sk_test_/)
  assert.deepEqual(
    [test_.environment, test_.scopes, test_.apis, test_.expires_at],
    ['test', 'read write', ['multi', 'smally'], '2099-02-01T00:00:00.000Z'],
  )
  assert.deepEqual((await json(...create, 'Two at once', '--api', 'multi', 'smally')).apis, ['multi', 'smally'])
  const brief = await json(...create, 'Brief', '--expires-in', '90d')
  const life = Date.parse(String(brief.expires_at)) - Date.parse(String(brief.created_at))
  assert.ok(Math.abs(life - 90 * 86_400_000) < 1000)
  const shown = await run(...create, 'Shown')
  assert.match(shown.stdout, /\n\nsk_[a-z0-9_]+\n\nCopy the key now: it will not be shown again\.\n$/)

  const { data } = await json<List>('keys', 'list', '--org-id', orgId)
  assert.deepEqual(
    data.map(({ name }) => name),
    ['Shown', 'Brief', 'Two at once', 'Narrow', 'Production API Key'],
  )
  const printed = await run('keys', 'list', '--org-id', orgId)
  assert.match(
    printed.stdout,
    /Production API Key +sk_\S*…[0-9a-f]{4} +live +all +all +anywhere +\S+ \S+ UTC {2}Never used {2}Never expires/,
  )
  for (const text of [printed.stdout, JSON.stringify(data)])
    assert.ok(!text.includes(String(key.key)), 'lists show no key')
  const cut = await json<List>('keys', 'list', '--org-id', orgId, '--limit', '2')
  assert.equal(cut.data.length, 2)
  const rest = await json<List>('keys', 'list', '--org-id', orgId, '--cursor', String(cut.next_cursor))
  assert.deepEqual(
    rest.data.map(({ name }) => name),
    ['Two at once', 'Narrow', 'Production API Key'],
  )
  assert.match(
    (await run('keys', 'list', '--org-id', orgId, '--limit', '2')).stderr,
    /^There are more\. Go on with --cursor [0-9a-f-]{36}\n$/,
  )

  assert.equal(
    (await json('keys', 'update', '--key-id', String(test_.id), '--name', 'Narrower', '--scope', 'read')).scopes,
    'read',
  )
  const rotated = await json('keys', 'rotate', '--key-id', String(key.id), '--overlap', '1h')
  assert.equal(rotated.replaces, key.id)
  assert.notEqual(rotated.id, key.id)
  assert.match(
    (await run('keys', 'rotate', '--key-id', String(rotated.id), '--overlap', '0')).stdout,
    new RegExp(`Replaces +${String(rotated.id)}\n\nsk_`),
  )
  const revoked = await json('keys', 'revoke', '--key-id', String(brief.id))
  assert.notEqual(revoked.revoked_at, null)
  assert.match(
    (await run('keys', 'revoke', '--key-id', String(brief.id))).stdout,
    /^Brief \([0-9a-f-]{36}\) is revoked, as of .+ UTC\.\n$/,
  )

  const { id: bob } = await json<Made>('users', 'create', '--email', 'bob@example.com', '--name', 'Bob')
  assert.match(
    await refused('keys', 'create', '--user-id', bob, '--org-id', orgId, '--name', 'x'),
    /^latchkey: /,
    'only owners and admins make keys',
  )
  assert.match(await refused(...create, 'x', '--environment', 'staging'), /staging|environment/)
  assert.match(await refused(...create, 'x', '--api', 'nothing'), /nothing|API/)
  assert.match(await refused(...create, 'x', '--expires-at', '2020-01-01'), /^latchkey: /)
  for (const verb of ['revoke', 'rotate']) assert.match(await refused('keys', verb, '--key-id', nobody), /^latchkey: /)
})

test('tokens: create, list, update, rotate, revoke', async (t) => {
  const at = desk(t)
  const { run, json, refused } = at
  const { userId, orgId } = await owner(at)
  const all = await json('tokens', 'create', '--user-id', userId, '--name', 'CI/CD pipeline', '--all-organizations')
  assert.match(String(all.token), /^pat_[0-9a-f]{64}$/)
  const some = await json(
    'tokens',
    'create',
    '--user-id',
    userId,
    '--name',
    'One',
    '--organization',
    orgId,
    '--expires-in',
    '24h',
  )
  assert.deepEqual([some.all_organizations, some.organization_ids], [false, [orgId]])
  assert.match(
    (await run('tokens', 'create', '--user-id', userId, '--name', 'x', '--all-organizations')).stdout,
    /\n\npat_[0-9a-f]{64}\n\nCopy the token now/,
  )
  const listed = await run('tokens', 'list', '--user-id', userId)
  assert.match(listed.stdout, /CI\/CD pipeline +pat_…\w{4} +all +.+ UTC {2}Never used {2}Never expires/)
  assert.match(listed.stdout, new RegExp(`One +pat_…\\w{4} +${orgId}`))
  assert.equal((await json('tokens', 'update', '--token-id', String(some.id), '--name', 'Nightly')).name, 'Nightly')
  const rotated = await json('tokens', 'rotate', '--token-id', String(some.id), '--overlap', '0')
  assert.deepEqual([rotated.replaces, rotated.organization_ids], [some.id, [orgId]])
  assert.notEqual((await json('tokens', 'revoke', '--token-id', String(all.id))).revoked_at, null)
  assert.match(
    await refused('tokens', 'create', '--user-id', userId, '--name', 'x', '--organization', nobody),
    /^latchkey: /,
  )
  for (const verb of ['revoke', 'rotate'])
    assert.match(await refused('tokens', verb, '--token-id', nobody), /^latchkey: /)
  assert.match(await refused('tokens', 'list', '--user-id', nobody), /^latchkey: /)
})

test('clients: create, list, update, rotate-secret, delete', async (t) => {
  const at = desk(t)
  const { run, json, refused } = at
  const { orgId } = await owner(at)
  const machine = await json(
    'clients',
    'create',
    '--org-id',
    orgId,
    '--name',
    'Export',
    '--scope',
    'read write',
    '--api',
    'multi',
  )
  assert.match(String(machine.client_secret), /^cs_/)
  assert.deepEqual([machine.scopes, machine.apis], ['read write', ['multi']])
  const web = await json(
    'clients',
    'create',
    '--org-id',
    orgId,
    '--name',
    'Shop',
    '--redirect-uri',
    'https://shop.example.com/cb',
    '--redirect-uri',
    'https://shop.example.com/cb2',
    '--grant',
    'authorization_code',
    '--pkce',
    'optional',
    '--environment',
    'test',
  )
  assert.deepEqual(
    [web.redirect_uris, web.grants, web.pkce, web.environment],
    [['https://shop.example.com/cb', 'https://shop.example.com/cb2'], ['authorization_code'], 'optional', 'test'],
  )
  const phone = await run(
    'clients',
    'create',
    '--org-id',
    orgId,
    '--name',
    'Phone',
    '--public',
    '--grant',
    'authorization_code',
    '--redirect-uri',
    'com.example.app:/cb',
    '--pkce',
    'required',
  )
  assert.equal(phone.status, 0, phone.stderr)
  assert.ok(!phone.stdout.includes('cs_'), 'a public client has no secret')
  assert.match((await run('clients', 'list', '--org-id', orgId)).stdout, /Export +live +client_credentials/)
  assert.equal(
    (await json('clients', 'update', '--client-id', String(machine.client_id), '--scope', 'read', '--name', 'Import'))
      .scopes,
    'read',
  )
  const rotated = await json('clients', 'rotate-secret', '--client-id', String(machine.client_id), '--overlap', '1h')
  assert.notEqual(rotated.client_secret, machine.client_secret)
  assert.match(
    (await run('clients', 'rotate-secret', '--client-id', String(machine.client_id))).stdout,
    /\n\ncs_\S+\n\nCopy the client secret now: it will not be shown again\.\n$/,
  )
  assert.equal(
    (await run('clients', 'delete', '--client-id', String(machine.client_id))).stdout,
    `Client ${String(machine.client_id)} is deleted, and its tokens with it.\n`,
  )
  for (const verb of ['delete', 'rotate-secret'])
    assert.match(await refused('clients', verb, '--client-id', String(machine.client_id)), /^latchkey: /)
  assert.match(
    await refused(
      'clients',
      'create',
      '--org-id',
      orgId,
      '--name',
      'x',
      '--redirect-uri',
      'http://shop.example.com/cb#x',
    ),
    /^latchkey: /,
  )
})

test('signing-keys: list, rotate, export', async (t) => {
  const { run, json, refused } = desk(t)
  const before = await json<List>('signing-keys', 'list')
  assert.deepEqual(
    new Set(before.data.map(({ algorithm }) => algorithm)),
    new Set(['ES256', 'RS256', 'EdDSA', 'HS256']),
  )
  const after = await json<List>('signing-keys', 'rotate', '--algorithm', 'ES256')
  assert.equal(after.data.length, before.data.length + 1)
  assert.match(
    (await run('signing-keys', 'rotate')).stdout,
    /^ID +Algorithm +API +Created +Signs until +Verifies until\n/,
  )
  const exported = await run('signing-keys', 'export', '--api', 'multi')
  assert.match(exported.stdout, /^API +multi\nKey ID +\S+\nSecret +\S{43,}\n$/)
  assert.match(exported.stderr, /^Whoever has this secret can make tokens/)
  const machine = await run('signing-keys', 'export', '--api', 'multi', '--json')
  assert.equal(machine.stderr, '')
  assert.equal((JSON.parse(machine.stdout) as { api: string }).api, 'multi')
  assert.match(await refused('signing-keys', 'export', '--api', 'smally'), /smally/)
  assert.match(await refused('signing-keys', 'rotate', '--api', 'smally'), /smally/)
  const { data } = await json<List>('audit', 'list', '--action', 'signing_key.exported')
  assert.equal(data.length, 2, 'exports are in the audit trail')
})

test('audit list filters; usage show tells the month of an organization', async (t) => {
  const at = desk(t)
  const { run, json, refused } = at
  const { userId, orgId } = await owner(at)
  const { id } = await json<Made>('keys', 'create', '--user-id', userId, '--org-id', orgId, '--name', 'Key')
  await json('keys', 'revoke', '--key-id', id)
  const all = await json<List>('audit', 'list')
  assert.ok(all.data.every(({ actor_kind }) => actor_kind === 'local'))
  const actions = async (...filters: string[]): Promise<unknown[]> =>
    (await json<List>('audit', 'list', ...filters)).data.map(({ action }) => action)
  assert.deepEqual(await actions('--target-id', id), ['api_key.revoked', 'api_key.created'])
  assert.deepEqual(await actions('--org-id', orgId, '--action', 'api_key.revoked'), ['api_key.revoked'])
  assert.deepEqual(await actions('--since', '2099-01-01'), [])
  assert.deepEqual(await actions('--until', '2020-01-01'), [])
  assert.equal((await actions('--actor-id', 'local', '--limit', '2')).length, 2)
  assert.deepEqual(
    [await actions('--action', 'api_key.*'), await actions('--search', 'key rev')],
    [await actions('--target-id', id), ['api_key.revoked']],
  )
  assert.deepEqual(await actions('--user-id', nobody), [])
  assert.match((await run('audit', 'list', '--target-id', id)).stdout, /^When +Action +Actor +Actor ID +Target ID/)

  const usage = await json<List>('usage', 'show', '--org-id', orgId)
  assert.deepEqual(
    usage.data.map(({ api, limit_name, used, limit, remaining }) => [api, limit_name, used, limit, remaining]),
    [['smally', 'month', 0, 10_000, 10_000]],
  )
  assert.match(
    (await run('usage', 'show', '--org-id', orgId)).stdout,
    /smally +month +live +0 +10,000 +10,000 +\S+ 00:00:00 UTC {2}\S+ 00:00:00 UTC {2}0\n$/,
  )
  await json('orgs', 'update', '--org-id', orgId, '--tier', 'enterprise')
  assert.match((await run('usage', 'show', '--org-id', orgId)).stdout, /0 +unlimited +unlimited/)
  assert.match(await refused('usage', 'show', '--org-id', nobody), /^latchkey: /)
})
