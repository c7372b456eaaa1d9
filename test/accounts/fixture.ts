// The account routes on a store of their own, asked as whoever a test says.
import type { TestContext } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { type Actor, actorWith } from '../../src/accounts/actor.ts'
import { Notices } from '../../src/accounts/notices.ts'
import { accountsRoutes } from '../../src/accounts/routes.ts'
import { setupPages } from '../../src/accounts/setup-page.ts'
import { SignInThrottle } from '../../src/accounts/sign-in-throttle.ts'
import { auditRoutes } from '../../src/audit/routes.ts'
import { buildConfig, type LatchkeyConfig } from '../../src/config/config.ts'
import { createServer } from '../../src/http/server.ts'
import { Outbox } from '../../src/mail/outbox.ts'
import { Allowance } from '../../src/limits/allowance.ts'
import { SecretBox } from '../../src/secret-box.ts'
import type { Role, Tier } from '../../src/store/schema.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import type { Store } from '../../src/store/store.ts'
import { usageRoutes } from '../../src/usage/routes.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const nobody = actorWith({ kind: 'api_key', id: 'a-key', ip: '192.0.2.7', requestId: 'a-request' })

export const local: Actor = { ...nobody, kind: 'local', id: 'local', operator: true }

/** An API key of the organization, in the live environment. */
export const keyOf = (organizationId: string, ...scopes: string[]): Actor => ({
  ...nobody,
  organizationId,
  scopes,
  environment: 'live',
})

export interface Answer<T = Record<string, unknown>> {
  status: number
  body: T
  headers: Record<string, unknown>
}

export interface Accounts {
  store: Store
  folder: string
  /** Unix milliseconds; stands still until a test sets it. */
  clock: { at: number }
  app: FastifyInstance
  allowance: Allowance
  box: SecretBox
  ask: <T = Record<string, unknown>>(actor: Actor, method: string, path: string, body?: object) => Promise<Answer<T>>
  /** As `ask` by the local operator; throws unless it is answered 2xx. */
  operate: <T = { id: string }>(method: string, path: string, body?: object) => Promise<T>
  user: (fields?: Record<string, unknown>) => Promise<string>
  organization: (owner: string, tier?: Tier) => Promise<string>
  member: (organizationId: string, role: Role) => Promise<string>
  /** The person as a personal access token of all organizations would make it: with present roles. */
  person: (userId: string) => Promise<Actor>
}

export const openAccounts = async (
  t: Pick<TestContext, 'after'>,
  { file = {}, folder = temporaryFolder(t) }: { file?: LatchkeyConfig; folder?: string } = {},
): Promise<Accounts> => {
  const store = await openSqlite(folder)
  const clock = { at: Date.parse('2026-11-22T12:00:00Z') }
  const config = buildConfig({}, file)
  const allowance = new Allowance(store.counters)
  const app = createServer({ log: pino({ level: 'silent' }), profileOf: () => config.management })
  const actors: Actor[] = []
  const now = () => clock.at
  const box = new SecretBox('a secret of the tests, long enough')
  const mailer = new Outbox({ config, store, box, log: pino({ level: 'silent' }), now })
  const log = pino({ level: 'silent' })
  const notices = new Notices({ store, mailer, issuer: config.issuer, log })
  const throttle = new SignInThrottle()
  const issuers = new Map<string, never>()
  const deps = {
    issuers,
    store,
    config,
    allowance,
    box,
    mailer,
    notices,
    throttle,
    now,
    proxies: config.trustedProxies,
  }
  await app.register(
    async (api) => {
      api.decorateRequest('actor', null as never)
      api.decorateRequest('principal', undefined)
      api.addHook('onRequest', (request, _reply, done) => {
        request.actor = actors[Number(request.headers['x-actor'])] ?? nobody
        done()
      })
      await api.register(accountsRoutes(deps))
      await api.register(usageRoutes(deps))
      await api.register(auditRoutes(deps))
    },
    { prefix: '/api/v1' },
  )
  await app.register(setupPages(deps))
  t.after(async () => {
    await app.close()
    await store.close()
  })
  const ask: Accounts['ask'] = async (actor, method, path, body) => {
    const response = await app.inject({
      method: method as 'GET',
      url: `/api/v1${path}`,
      headers: { 'x-actor': String(actors.push(actor) - 1) },
      ...(body && { payload: body }),
    })
    return { status: response.statusCode, body: response.json(), headers: response.headers }
  }
  const operate: Accounts['operate'] = async <T = { id: string }>(method: string, path: string, body?: object) => {
    const answer = await ask<T>(local, method, path, body)
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body
  }
  let people = 0
  const user: Accounts['user'] = async (fields = {}) => {
    people += 1
    return (
      await operate('POST', '/users', { email: `person-${people}@example.com`, name: `Person ${people}`, ...fields })
    ).id
  }
  return {
    store,
    folder,
    clock,
    app,
    allowance,
    box,
    ask,
    operate,
    user,
    organization: async (owner, tier = 'free') =>
      (await operate('POST', '/organizations', { name: 'Acme', owner, tier })).id,
    async member(organizationId, role) {
      const id = await user()
      await operate('POST', `/organizations/${organizationId}/members`, { user_id: id, role })
      return id
    },
    async person(userId) {
      const rows = await store.db
        .selectFrom('members')
        .select(['organization_id', 'role'])
        .where('user_id', '=', userId)
        .execute()
      const { operator } = await store.db
        .selectFrom('users')
        .select('operator')
        .where('id', '=', userId)
        .executeTakeFirstOrThrow()
      return {
        ...nobody,
        kind: 'personal_access_token',
        id: `token-of-${userId}`,
        userId,
        everywhere: true,
        operator: operator === 1,
        roles: new Map(rows.map((row) => [row.organization_id, row.role])),
      }
    },
  }
}

export const codeOf = ({ status, body }: Answer): string => `${status} ${String(body.code)}`
