// Every command with --json: one document on standard output, snake_case, lists as over HTTP; and what each result is relied on for.
import assert from 'node:assert/strict'
import { randomUUIDv7 } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { everyCommand } from '../cli/every-command.ts'
import { type Desk, desk } from '../cli/desk.ts'
import { openSqlite } from '../../src/store/sqlite.ts'

type Document = Record<string, unknown>

/** Names at every depth that are not snake_case; those of a token's own claims and header are its own. */
const otherNames = (value: unknown): string[] =>
  typeof value !== 'object' || value === null
    ? []
    : Object.entries(value).flatMap(([name, inner]) => [
        ...(Array.isArray(value) || /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(name) ? [] : [name]),
        ...otherNames(inner),
      ])

/** Runs a command with --json, in front of it or behind, and remembers which it was. */
const recorder = ({ run }: Desk) => {
  const ran = new Set<string>()
  const json = async (status: number, ...args: string[]): Promise<Document> => {
    ran.add(args.filter((arg) => /^[a-z-]+$/.test(arg) && !arg.startsWith('-')).join(' '))
    const before = ran.size % 2 === 0
    const outcome = await run(...(before ? ['--json', ...args] : [...args, '--json']))
    const what = `${args.join(' ')}: ${outcome.status} ${outcome.stdout}${outcome.stderr}`
    assert.equal(outcome.status, status, what)
    const document = JSON.parse(outcome.stdout) as Document
    assert.ok(!Array.isArray(document), what)
    assert.deepEqual(otherNames(document), [], what)
    if (status === 0) assert.equal(outcome.stderr, '', what)
    if ('data' in document) {
      assert.ok(Array.isArray(document.data), what)
      assert.ok('next_cursor' in document, what)
    }
    return document
  }
  const ok = <T = Record<string, string>>(...args: string[]) => json(0, ...args) as Promise<T>
  const list = (...args: string[]) => ok<{ data: Document[]; next_cursor: string | null }>(...args)
  return { ran, json, ok, list }
}

test('every command answers in one document, with what it is relied on for', async (t) => {
  const at = desk(t)
  const { ran, json, ok, list } = recorder(at)
  assert.deepEqual(Object.keys(await ok('migrate')), ['applied'])
  const { id: user } = await ok('users', 'create', '--email', 'ada@example.com', '--name', 'Ada', '--operator')
  const { id: other } = await ok('users', 'create', '--email', 'bob@example.com', '--name', 'Bob')
  const made = await ok('orgs', 'create', '--name', 'Acme', '--owner', user as string)
  assert.equal(made.tier, 'free', 'a new organization’s tier')
  const org = made.id as string
  assert.equal((await ok('orgs', 'update', '--org-id', org, '--tier', 'pro', '--name', 'Acme Ltd')).tier, 'pro')
  assert.equal(
    (await ok('orgs', 'members', 'add', '--org-id', org, '--user-id', other as string, '--role', 'member')).role,
    'member',
  )
  assert.equal((await list('orgs', 'members', 'list', '--org-id', org)).data.length, 2)
  assert.equal(
    (await ok('orgs', 'members', 'update', '--org-id', org, '--user-id', other as string, '--role', 'viewer')).role,
    'viewer',
  )
  const invited = await ok(
    'orgs',
    'invitations',
    'create',
    '--org-id',
    org,
    '--email',
    'c@x.example',
    '--role',
    'member',
  )
  assert.match(invited.url ?? '', /\/invitations\/in_/)
  assert.equal((await list('orgs', 'invitations', 'list', '--org-id', org)).data.length, 1)
  const which = ['--org-id', org, '--invitation-id', invited.id as string]
  assert.notEqual((await ok('orgs', 'invitations', 'resend', ...which)).url, invited.url)
  await ok('orgs', 'invitations', 'delete', ...which)
  assert.equal((await list('orgs', 'list')).data.length, 1)
  assert.equal((await list('users', 'list', '--limit', '1')).next_cursor !== null, true)
  assert.equal((await ok('users', 'reset-factors', '--user-id', other as string)).id, other)
  assert.match((await ok('users', 'link', '--user-id', other as string)).url ?? '', /\/setup\?token=su_/)

  const key = await ok(
    'keys',
    'create',
    '--user-id',
    user as string,
    '--org-id',
    org,
    '--name',
    'Production API Key',

    '--environment',
    'test',
    '--scope',
    'read write',
    '--api',
    'multi',
    '--api',
    'smally',
    '--expires-at',
    '2099-01-31',
  )
  assert.match(key.key ?? '', /^sk_test_[0-9a-f]{64}$/)
  assert.deepEqual(
    [key.expires_at, key.environment, key.scopes, key.apis],
    ['2099-02-01T00:00:00.000Z', 'test', 'read write', ['multi', 'smally']],
  )
  const rotated = await ok('keys', 'rotate', '--key-id', key.id as string)
  assert.notEqual(rotated.id, key.id)
  assert.deepEqual([rotated.replaces, rotated.expires_at], [key.id, key.expires_at])
  assert.notEqual(rotated.key, key.key)
  const { data: keys } = await list('keys', 'list', '--org-id', org)
  assert.ok(!JSON.stringify(keys).includes(rotated.key as string), 'shown once')
  const old = keys.find(({ id }) => id === key.id)
  const inADay = Date.now() + 86_400_000
  assert.ok(
    Math.abs(Date.parse(String(old?.expires_at)) - inADay) < 60_000,
    'an overlap of 24 hours, where none is given',
  )
  const renamed = await ok(
    'keys',
    'update',
    '--key-id',
    rotated.id as string,
    '--name',
    'Renamed',
    '--network',
    '10.0.0.0/8',
  )
  assert.deepEqual([renamed.name, renamed.networks], ['Renamed', ['10.0.0.0/8']])
  assert.equal((await ok('keys', 'update', '--key-id', rotated.id as string, '--anywhere')).networks, null)
  assert.equal(
    (await list('keys', 'list', '--org-id', org, '--search', 'renam', '--sort', '-last_used')).data.length,
    1,
  )
  const live = await ok(
    'keys',
    'create',
    '--user-id',
    user as string,
    '--org-id',
    org,
    '--name',
    'Live',
    '--expires-in',
    '90d',
  )
  assert.match(live.key ?? '', /^sk_[0-9a-f]{64}$/)
  assert.ok(Math.abs(Date.parse(live.expires_at as string) - (Date.now() + 90 * 86_400_000)) < 60_000)
  const verified = await ok<Document>(
    'verify',
    live.key as string,
    '--api',
    'multi',
    '--scope',
    'read',
    '--organization',
    org,
  )
  assert.deepEqual([verified.valid, verified.code], [true, 'valid'])
  await ok('keys', 'revoke', '--key-id', live.id as string)
  assert.equal((await json(1, 'verify', live.key as string, '--api', 'multi')).code, 'invalid_api_key')

  const token = await ok(
    'tokens',
    'create',
    '--user-id',
    user as string,
    '--name',
    'CI/CD pipeline',
    '--organization',
    org,
    '--expires-at',
    '2099-06-30T12:00:00+02:00',
  )
  assert.match(token.token ?? '', /^pat_[0-9a-f]{64}$/)
  assert.equal(token.expires_at, '2099-06-30T10:00:00.000Z')
  await ok('tokens', 'update', '--token-id', token.id as string, '--name', 'Nightly')
  const successor = await ok('tokens', 'rotate', '--token-id', token.id as string, '--overlap', '0')
  assert.equal(successor.replaces, token.id)
  assert.equal(
    (await json(1, 'verify', token.token as string, '--api', 'smoxy')).valid,
    false,
    'an overlap of 0 is now',
  )
  assert.equal((await json(0, 'verify', successor.token as string, '--api', 'smoxy')).valid, true)
  assert.equal((await list('tokens', 'list', '--user-id', user as string)).data.length, 2)
  await ok('tokens', 'revoke', '--token-id', successor.id as string)

  const csv = join(at.folder, 'old.csv')
  writeFileSync(
    csv,
    'name,owner,organization,token\nOld,ada@example.com,Acme Ltd,an-opaque-value-1\nBad,nobody@example.com,,an-opaque-value-2\n',
  )
  const imported = await json(1, 'legacy-tokens', 'import', csv)
  assert.deepEqual([imported.imported, imported.skipped], [1, 0])
  assert.deepEqual(
    (imported.failed as Document[]).map((bad) => [Object.keys(bad), bad.line]),
    [[['line', 'reason'], 3]],
  )
  assert.deepEqual(await json(1, 'legacy-tokens', 'import', csv), { ...imported, imported: 0, skipped: 1 })
  const [legacy] = (await list('legacy-tokens', 'list')).data
  await ok('legacy-tokens', 'delete', '--token-id', String(legacy?.id))

  const client = await ok('clients', 'create', '--org-id', org, '--name', 'Backend', '--api', 'smoo')
  assert.match(client.client_secret ?? '', /^cs_[\w-]{43}$/)
  assert.equal(
    (await ok('clients', 'update', '--client-id', client.client_id as string, '--scope', 'read')).scopes,
    'read',
  )
  assert.notEqual(
    (await ok('clients', 'rotate-secret', '--client-id', client.client_id as string)).client_secret,
    client.client_secret,
  )
  assert.equal((await list('clients', 'list', '--org-id', org)).data.length, 1)
  const [person, application] = [user as string, client.client_id as string]
  const store = await openSqlite(at.folder)
  // as the consent page writes it
  const consent = { user_id: person, client_id: application, organization_id: org, api: 'smoo', scopes: 'read' }
  await store.transaction((trx) =>
    trx
      .insertInto('consents')
      .values({ id: randomUUIDv7(), created_at: Date.now(), ...consent })
      .execute(),
  )
  await store.close()
  const [connected] = (await list('applications', 'list', '--user-id', person)).data
  assert.equal(connected?.client_id, application)
  await ok('applications', 'revoke', '--user-id', person, '--client-id', application)
  assert.deepEqual((await list('applications', 'list', '--user-id', person)).data, [])
  await ok('clients', 'delete', '--client-id', client.client_id as string)

  assert.equal((await list('signing-keys', 'list')).data.length, 6)
  assert.equal((await list('signing-keys', 'rotate', '--algorithm', 'ES256')).data.length, 7)
  const secret = await ok('signing-keys', 'export', '--api', 'multi')
  assert.deepEqual([secret.api, Buffer.from(secret.secret ?? '', 'base64url').length], ['multi', 32])
  const inspected = await ok<Document>('inspect', 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ1c2VyXzEyMyJ9.AAAA')
  assert.deepEqual(inspected, { format: 'jwt', header: { alg: 'HS256', typ: 'JWT' }, claims: { sub: 'user_123' } })
  writeFileSync(join(at.folder, 'leak.txt'), `KEY=${rotated.key}\n`)
  const found = await json(1, 'scan', join(at.folder, 'leak.txt'))
  assert.equal((found.data as Document[])[0]?.line, 1)
  assert.ok(!JSON.stringify(found).includes(rotated.key as string))
  assert.equal((await list('usage', 'show', '--org-id', org)).data.length, 1)
  const { data: audit } = await list('audit', 'list', '--org-id', org)
  assert.ok(audit.some(({ action, actor_kind: kind }) => action === 'api_key.revoked' && kind === 'local'))
  assert.ok((await list('audit', 'list')).data.some(({ action }) => action === 'signing_key.exported'))
  assert.equal((await ok<Document>('doctor')).ok, true)
  assert.match((await ok('backup', join(at.folder, 'a.backup'))).file ?? '', /a\.backup$/)
  await at.json('restore', join(at.folder, 'a.backup'), '--force')
  ran.add('restore')

  assert.notEqual((await ok('users', 'suspend', '--user-id', other as string)).suspended_at, null)
  assert.equal((await ok('users', 'resume', '--user-id', other as string)).suspended_at, null)
  await ok('orgs', 'members', 'remove', '--org-id', org, '--user-id', other as string)
  assert.notEqual((await ok('orgs', 'suspend', '--org-id', org)).suspended_at, null)
  assert.equal((await ok('orgs', 'resume', '--org-id', org)).suspended_at, null)
  await ok('orgs', 'delete', '--org-id', org)
  await ok('users', 'delete', '--user-id', other as string)

  const missing = everyCommand
    .map(({ words }) => words.join(' '))
    .filter((name) => name !== 'serve' && ![...ran].some((one) => one === name || one.startsWith(`${name} `)))
  assert.deepEqual(missing, [], 'no command is left out here')
})

test('a refusal is status 1 with its reason on standard error and nothing on standard output', async (t) => {
  const at = desk(t)
  const { id: owner = '' } = await at.json<Record<string, string>>(
    'users',
    'create',
    '--email',
    'a@example.com',
    '--name',
    'A',
  )
  const { id: org = '' } = await at.json<Record<string, string>>('orgs', 'create', '--name', 'Acme', '--owner', owner)
  const people: Record<string, string> = {}
  for (const role of ['viewer', 'member', 'admin']) {
    people[role] = (
      await at.json<Record<string, string>>('users', 'create', '--email', `${role}@example.com`, '--name', role)
    ).id as string
    await at.json('orgs', 'members', 'add', '--org-id', org, '--user-id', people[role], '--role', role)
  }
  const stranger = (await at.json<Record<string, string>>('users', 'create', '--email', 's@example.com', '--name', 'S'))
    .id as string
  const create = (user: string) => ['keys', 'create', '--user-id', user, '--org-id', org, '--name', 'K', '--json']
  for (const user of [people.viewer, people.member, stranger])
    assert.match(await at.refused(...create(user as string)), /^latchkey: .*owner or admin/)
  for (const user of [owner, people.admin]) assert.equal((await at.run(...create(user as string))).status, 0)
  const unknown = '01977e4c-9d7a-7c3e-8a53-1c2f3a4b5c6d'
  for (const args of [
    ['keys', 'revoke', '--key-id', unknown],
    ['tokens', 'revoke', '--token-id', unknown],
    ['clients', 'delete', '--client-id', unknown],
    ['legacy-tokens', 'delete', '--token-id', unknown],
    ['legacy-tokens', 'import', 'nothing.csv'],
    ['users', 'suspend', '--user-id', unknown],
    ['orgs', 'members', 'remove', '--org-id', org, '--user-id', owner],
    ['users', 'create', '--email', 'a@example.com', '--name', 'Again'],
    ['keys', 'create', '--user-id', owner, '--org-id', org, '--name', 'K', '--expires-at', '2020-01-01'],
    ['keys', 'create', '--user-id', owner, '--org-id', org, '--name', 'K', '--environment', 'nowhere'],
    ['keys', 'create', '--user-id', owner, '--org-id', org, '--name', 'K', '--scope', 'nonsense'],
    ['keys', 'create', '--user-id', owner, '--org-id', org, '--name', 'K', '--api', 'nonsense'],
    ['tokens', 'create', '--user-id', owner, '--name', 'T', '--organization', unknown],
    ['signing-keys', 'export', '--api', 'smally'],
    ['inspect', 'nonsense'],
    ['scan', join(at.folder, 'nowhere')],
    ['verify', 'x', '--api', 'nonsense'],
  ])
    assert.match(await at.refused(...args, '--json'), /^latchkey: .+\n$/, args.join(' '))
})

test('a rotated key works beside its successor until the overlap is over', async (t) => {
  const at = desk(t)
  const { id: owner = '' } = await at.json<Record<string, string>>(
    'users',
    'create',
    '--email',
    'a@example.com',
    '--name',
    'A',
  )
  const { id: org = '' } = await at.json<Record<string, string>>('orgs', 'create', '--name', 'Acme', '--owner', owner)
  const { id = '', key = '' } = await at.json<Record<string, string>>(
    'keys',
    'create',
    '--user-id',
    owner,
    '--org-id',
    org,
    '--name',
    'K',
  )
  const successor = await at.json<Record<string, string>>('keys', 'rotate', '--key-id', id, '--overlap', '4s')
  const status = async (credential: string | undefined) =>
    (await at.run('verify', String(credential), '--api', 'multi')).status
  assert.deepEqual([await status(key), await status(successor.key)], [0, 0])
  await new Promise((resolve) => setTimeout(resolve, 4000))
  assert.deepEqual([await status(key), await status(successor.key)], [1, 0])
})
