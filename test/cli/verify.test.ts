// `latchkey verify` explains check by check and spends nothing; `latchkey inspect` decodes and verifies nothing.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { command } from '../processes.ts'
import { type Desk, desk } from './desk.ts'

interface Made {
  id: string
}

interface Explained {
  valid: boolean
  code: string
  checks: { check: string; passed: boolean | null; detail?: string }[]
  limits?: { name: string; limit: number; remaining: number }[]
  principal?: { id: string }
}

const keyOf = async ({ json }: Desk): Promise<{ id: string; key: string; orgId: string; userId: string }> => {
  const { id: userId } = await json<Made>('users', 'create', '--email', 'ada@example.com', '--name', 'Ada')
  const { id: orgId } = await json<Made>('orgs', 'create', '--name', 'Acme', '--owner', userId)
  const key = await json<{ id: string; key: string }>(
    'keys',
    'create',
    '--user-id',
    userId,
    '--org-id',
    orgId,
    '--name',
    'Key',
    '--scope',
    'read',
  )
  return { ...key, orgId, userId }
}

test('a valid credential: status 0, every check passed, who it is, what is left', async (t) => {
  const at = desk(t)
  const { id, key, orgId } = await keyOf(at)
  const human = await at.run('verify', key)
  assert.equal(human.status, 0)
  for (const check of ['format', 'look-up', 'expiry', 'status', 'environment', 'organization', 'scope', 'limit'])
    assert.match(human.stdout, new RegExp(`^✓ ${check}$`, 'm'))
  assert.match(human.stdout, /^Valid at smally\.$/m, 'the default API is meant where none is named')
  assert.match(human.stdout, new RegExp(`^ID +${id}$`, 'm'))
  assert.match(human.stdout, /^month +10,000 +10,000 +\S+ 00:00:00 UTC$/m)
  assert.ok(!human.stdout.includes(key), 'the credential is not repeated')
  const explained = await at.json<Explained>(
    'verify',
    key,
    '--api',
    'multi',
    '--scope',
    'read',
    '--organization',
    orgId,
  )
  assert.deepEqual([explained.valid, explained.code, explained.principal?.id], [true, 'valid', id])
  for (let n = 0; n < 3; n++)
    assert.equal(
      (await at.json<Explained>('verify', key, '--api', 'multi')).limits?.[0]?.remaining,
      100,
      'nothing is spent',
    )
  assert.match((await at.run('keys', 'list', '--org-id', orgId)).stdout, /Never used/)
})

test('a refused credential: status 1, the check that failed with its reason, and those not reached', async (t) => {
  const at = desk(t)
  const { id, key, orgId, userId } = await keyOf(at)
  const refusedBy = async (...args: string[]): Promise<[string, string | undefined]> => {
    const { status, stdout } = await at.run('verify', ...args, '--json')
    assert.equal(status, 1, args.join(' '))
    const { valid, code, checks } = JSON.parse(stdout) as Explained
    assert.equal(valid, false)
    return [code, checks.find(({ passed }) => passed === false)?.check]
  }
  assert.deepEqual(await refusedBy(key, '--api', 'multi', '--scope', 'write'), ['insufficient_scope', 'scope'])
  const human = await at.run('verify', key, '--api', 'multi', '--scope', 'write')
  assert.match(human.stdout, /^✗ scope +The credential lacks write\.\n– limit$/m)
  assert.match(human.stdout, /^Refused at multi: insufficient_scope$/m)
  assert.deepEqual(await refusedBy(key, '--organization', '01977e4c-9d7a-7c3e-8a53-1c2f3a4b5c6d'), [
    'organization_forbidden',
    'organization',
  ])
  assert.deepEqual(await refusedBy('nonsense'), ['invalid_api_key', 'format'])
  assert.deepEqual(await refusedBy(key, '--api', 'smoxy'), ['invalid_api_key', 'format'])
  const testKey = await at.json<{ key: string }>(
    'keys',
    'create',
    '--user-id',
    userId,
    '--org-id',
    orgId,
    '--name',
    'Test',
    '--environment',
    'test',
  )
  assert.deepEqual(await refusedBy(testKey.key), ['environment_mismatch', 'environment'])
  await at.json('keys', 'revoke', '--key-id', id)
  assert.deepEqual(await refusedBy(key), ['invalid_api_key', 'status'])
  assert.match(await at.refused('verify', key, '--api', 'nothing'), /^latchkey: There is no API "nothing"\.\n$/)
})

test('- reads the credential from standard input', async (t) => {
  const at = desk(t)
  const { key } = await keyOf(at)
  const valid = await command(at.folder, ['verify', '-', '--json'], { input: `${key}\n` })
  assert.equal(valid.status, 0, valid.stderr)
  assert.equal((JSON.parse(valid.stdout) as Explained).code, 'valid')
  const nothing = await command(at.folder, ['verify', '-'])
  assert.deepEqual([nothing.status, nothing.stdout], [1, ''])
  assert.match(nothing.stderr, /^latchkey: Credential: nothing came on standard input\.\n$/)
  const flood = await command(at.folder, ['verify', '-'], { input: 'x'.repeat(100_000) })
  assert.deepEqual([flood.status, flood.stdout], [1, ''])
})

test('inspect decodes a JWT, and says that nothing was verified', async (t) => {
  const at = desk(t)
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const token = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: 'user_123', iat: 1640995200, exp: 1641081600, scope: 'read write' })}.${'A'.repeat(43)}`
  const { status, stdout } = await at.run('inspect', token)
  assert.equal(status, 0)
  assert.match(stdout, /^JWT\. Nothing was verified: neither signature nor expiry\./)
  assert.match(stdout, /^ {2}exp {4}1641081600 {2}\(2022-01-02 00:00:00 UTC\)$/m)
  assert.deepEqual(await at.json('inspect', token), {
    format: 'jwt',
    header: { alg: 'HS256', typ: 'JWT' },
    claims: { sub: 'user_123', iat: 1640995200, exp: 1641081600, scope: 'read write' },
  })
  const piped = await command(at.folder, ['inspect', '-'], { input: `${token}\n` })
  assert.equal(piped.stdout, stdout)
  assert.match(await at.refused('inspect', 'nonsense'), /^latchkey: This is neither a JWT nor a CWT\.\n$/)
})
