// A deployment with two APIs, and people with personal access tokens who ask its management API.
import assert from 'node:assert/strict'
import { randomUUIDv7 } from 'node:crypto'
import { type TestContext, after } from 'node:test'
import type { LatchkeyConfig } from '../../src/config/config.ts'
import { hashOf } from '../../src/credentials/format.ts'
import type { Code } from '../../src/errors.ts'
import type { Role } from '../../src/store/schema.ts'
import { type Clock, type Launched, launch, stoppedClock } from '../harness.ts'

/** At `reports` members may only read. */
const twoApis: LatchkeyConfig = {
  apis: {
    embeddings: { scopes: { read: 'Read', write: 'Change' } },
    reports: {
      scopes: { read: 'Read', write: 'Change', 'reports:export': 'Export' },
      roleScopes: { member: ['read'] },
    },
  },
  defaultApi: 'embeddings',
}

export interface Answer {
  status: number
  /** Unchecked: tests assert what they read. */
  body: Record<string, string | null> & { data: Record<string, string | null>[]; next_cursor: string | null }
  headers: Record<string, unknown>
}

interface Person {
  id: string
  email: string
  /** Their personal access token's id and value. */
  tokenId: string
  token: string
}

export interface Scene extends Launched {
  clock: Clock
  /** A management request with the credential `as`. */
  call: (as: string, method: string, path: string, body?: object) => Promise<Answer>
  /** A new user, a member of the organization where one is given, with a token for all organizations or the fields given. */
  person: (membership?: { of: string; role: Role }, token?: Record<string, unknown>) => Promise<Person>
  /** A new organization of `owner`. */
  organization: (owner: string, name?: string) => Promise<string>
  /** The look-up that every request with a credential begins with. */
  find: (value: string) => ReturnType<Launched['app']['store']['lookups']['credentialByHash']>
  /** Actions of the audit trail about a target, by name: those of one millisecond have no order of time. */
  actions: (targetId: string) => Promise<string[]>
}

export const day = 86_400_000

/** One for a whole test file: gone when all its tests have ended. */
export const scene = async ({
  file = twoApis,
  folder,
}: { file?: LatchkeyConfig; folder?: string } = {}): Promise<Scene> => {
  const clock = stoppedClock('2027-01-15T12:00:00Z')
  const launched = await launch(
    { after: after as TestContext['after'] },
    { file, now: clock, ...(folder !== undefined && { folder }) },
  )
  const { app, ask, operate } = launched
  return {
    ...launched,
    clock,
    async call(as, method, path, body) {
      const response = await ask(method, `/api/v1${path}`, { as, ...(body && { body }) })
      return { status: response.statusCode, body: response.json(), headers: response.headers }
    },
    async person(membership, token = { all_organizations: true }) {
      const email = `${randomUUIDv7()}@example.com`
      const { id } = await operate<{ id: string }>('POST', '/users', { email, name: 'Ada' })
      if (membership)
        await operate('POST', `/organizations/${membership.of}/members`, { user_id: id, role: membership.role })
      const made = await operate<{ id: string; token: string }>('POST', `/users/${id}/tokens`, {
        name: 'Token',
        ...token,
      })
      return { id, email, tokenId: made.id, token: made.token }
    },
    organization: async (owner, name = 'Acme') =>
      (await operate<{ id: string }>('POST', '/organizations', { name, owner })).id,
    find: (value) => app.store.lookups.credentialByHash(hashOf(value)),
    actions: async (targetId) => {
      const rows = await app.store.db
        .selectFrom('audit')
        .select('action')
        .where('target_id', '=', targetId)
        .orderBy('action')
        .execute()
      return rows.map(({ action }) => action)
    },
  }
}

export const refused = ({ status, body }: Answer, code: Code, text?: RegExp): void => {
  assert.equal(body.code, code, `${status} ${JSON.stringify(body)}`)
  if (text) assert.match(String(body.detail), text)
}
