// Tenant and right boundaries: every management operation is tried by everybody who may not, and nothing changes.
// An operation that is not in the table fails the test: a new route cannot be forgotten here.
import assert from 'node:assert/strict'
import { randomUUIDv7 } from 'node:crypto'
import { test } from 'node:test'
import { raiseAlerts } from '../../src/alerts/raise.ts'
import { startSession } from '../../src/accounts/sessions.ts'
import { addPasskey } from '../store/rows.ts'
import { type Launched, launch, stoppedClock, world } from '../harness.ts'

/** Who may at least: roles of the victim's organization, the owner of a token, operators, whoever holds the scope verify, or people at a browser: no credential at all. */
type Needs = 'anybody' | 'verify' | 'person' | 'viewer' | 'member' | 'admin' | 'owner' | 'self' | 'operator' | 'session'

const organization = '/organizations/{organization_id}'

/** Operation → what it needs, and a body that would be right. */
const operations: Record<string, { needs: Needs; body?: object }> = {
  verify: { needs: 'verify', body: { credential: 'x', api: 'multi' } },
  explain: { needs: 'verify', body: { credential: 'x', api: 'multi' } },
  describeApi: { needs: 'verify' },
  streamRevocations: { needs: 'verify' },
  inspect: { needs: 'anybody', body: { token: 'eyJhbGciOiJub25lIn0.e30.' } },
  describeCaller: { needs: 'anybody' },
  describeDeployment: { needs: 'anybody' },
  getAccount: { needs: 'session' },
  updateAccount: { needs: 'session', body: { name: 'Mallory' } },
  deleteAccount: { needs: 'session' },
  changePassword: { needs: 'session', body: { new_password: 'of no use to anybody' } },
  listSessions: { needs: 'session' },
  endOtherSessions: { needs: 'session' },
  endSession: { needs: 'session' },
  listProofs: { needs: 'session' },
  reauthenticate: { needs: 'session', body: { password: 'of no use to anybody' } },
  startAuthenticatorApp: { needs: 'session' },
  confirmAuthenticatorApp: { needs: 'session', body: { setup: 'x', code: '123456' } },
  removeAuthenticatorApp: { needs: 'session' },
  makeRecoveryCodes: { needs: 'session' },
  listPasskeys: { needs: 'session' },
  startPasskey: { needs: 'session' },
  addPasskey: {
    needs: 'session',
    body: {
      name: 'Mallory',
      response: {
        id: 'AA',
        rawId: 'AA',
        type: 'public-key',
        response: { clientDataJSON: 'AA', attestationObject: 'AA' },
        clientExtensionResults: {},
      },
    },
  },
  renamePasskey: { needs: 'session', body: { name: 'Mallory' } },
  removePasskey: { needs: 'session' },
  resetFactors: { needs: 'operator' },
  createUser: { needs: 'operator', body: { email: 'new@example.com', name: 'New' } },
  listUsers: { needs: 'operator' },
  getUser: { needs: 'operator' },
  updateUser: { needs: 'operator', body: { name: 'Mallory' } },
  deleteUser: { needs: 'operator' },
  createUserLink: { needs: 'operator' },
  listOrganizations: { needs: 'anybody' },
  listOwnSuspendedOrganizations: { needs: 'session' },
  createOrganization: { needs: 'person', body: { name: 'Mine' } },
  getOrganization: { needs: 'viewer' },
  updateOrganization: { needs: 'admin', body: { name: 'Mallory' } },
  deleteOrganization: { needs: 'owner' },
  tellImpact: { needs: 'admin' },
  transferOrganization: { needs: 'owner', body: { user_id: '{stranger}' } },
  listUsage: { needs: 'viewer' },
  getOrganizationUsageSeries: { needs: 'viewer' },
  getOwnUsageSeries: { needs: 'person' },
  listOrganizationDecisions: { needs: 'viewer' },
  explainOrganizationDecision: { needs: 'viewer' },
  listOwnDecisions: { needs: 'person' },
  explainOwnDecision: { needs: 'self' },
  listUnknownDecisions: { needs: 'operator' },
  explainUnknownDecision: { needs: 'operator' },
  getApiKeyUse: { needs: 'viewer' },
  getClientUse: { needs: 'viewer' },
  getOwnTokenUse: { needs: 'self' },
  getOwnLegacyTokenUse: { needs: 'self' },
  listMembers: { needs: 'viewer' },
  addMember: { needs: 'admin', body: { user_id: '{stranger}', role: 'viewer' } },
  changeRole: { needs: 'owner', body: { role: 'viewer' } },
  removeMember: { needs: 'owner' },
  createInvitation: { needs: 'admin', body: { email: 'new@example.com', role: 'viewer' } },
  listInvitations: { needs: 'admin' },
  resendInvitation: { needs: 'admin' },
  withdrawInvitation: { needs: 'admin' },
  inviteUser: { needs: 'operator', body: { email: 'new@example.com' } },
  listUserInvitations: { needs: 'operator' },
  resendUserInvitation: { needs: 'operator' },
  withdrawUserInvitation: { needs: 'operator' },
  listApiKeys: { needs: 'viewer' },
  createApiKey: { needs: 'member', body: { name: 'Mallory' } },
  revokeApiKeys: { needs: 'admin', body: { key_ids: ['{key_id}'] } },
  listClients: { needs: 'viewer' },
  listClientsOfNobody: { needs: 'operator' },
  deleteClientOfNobody: { needs: 'operator' },
  createClient: { needs: 'admin', body: { name: 'Mallory' } },
  listAudit: { needs: 'operator' },
  listAlerts: { needs: 'viewer' },
  dismissAlert: { needs: 'admin' },
  getAlertSettings: { needs: 'viewer' },
  updateAlertSettings: { needs: 'admin', body: { quota_percent: 90 } },
  listOwnAlerts: { needs: 'person' },
  dismissOwnAlert: { needs: 'self' },
  reportLeaks: { needs: 'operator', body: { items: [{ credential: 'x' }] } },
  listWebhooks: { needs: 'admin' },
  createWebhook: { needs: 'admin', body: { url: 'https://hooks.example.com/a' } },
  getWebhook: { needs: 'admin' },
  updateWebhook: { needs: 'admin', body: { enabled: false } },
  deleteWebhook: { needs: 'admin' },
  rotateWebhookSecret: { needs: 'admin', body: {} },
  testWebhook: { needs: 'admin' },
  listWebhookDeliveries: { needs: 'admin' },
  getWebhookDelivery: { needs: 'admin' },
  redeliverWebhook: { needs: 'admin' },
  exportAudit: { needs: 'operator' },
  exportOrganizationAudit: { needs: 'admin' },
  listOrganizationAudit: { needs: 'admin' },
  listOwnTokens: { needs: 'person' },
  createOwnToken: { needs: 'person', body: { name: 'Own', all_organizations: true } },
  listUserTokens: { needs: 'operator' },
  createUserToken: { needs: 'operator', body: { name: 'Mallory', all_organizations: true } },
  importLegacyTokens: {
    needs: 'operator',
    body: {
      lines: [{ line: 2, name: 'X', owner: '{owner}', organization: '{organization}', token: 'an-old-opaque-value' }],
    },
  },
  listLegacyTokens: { needs: 'operator' },
  listOwnLegacyTokens: { needs: 'person' },
  getLegacyToken: { needs: 'operator' },
  getOwnLegacyToken: { needs: 'self' },
  deleteLegacyToken: { needs: 'operator' },
  deleteOwnLegacyToken: { needs: 'self' },
  listOwnApplications: { needs: 'person' },
  revokeOwnApplication: { needs: 'person' },
  revokeOwnApplicationByQuery: { needs: 'person' },
  listUserApplications: { needs: 'operator' },
  revokeUserApplication: { needs: 'operator' },
  revokeUserApplicationByQuery: { needs: 'operator' },
  signOut: { needs: 'session' },
  withdrawOwnEmail: { needs: 'session' },
  requestOwnEmail: { needs: 'session', body: { email: 'mallory@example.com' } },
  listOwnIdentities: { needs: 'session' },
  linkOwnIdentity: { needs: 'session', body: { upstream: 'elsewhere' } },
  unlinkOwnIdentity: { needs: 'session' },
  listSigningKeys: { needs: 'operator' },
  rotateSigningKeys: { needs: 'operator', body: {} },
  exportSigningSecret: { needs: 'operator', body: { api: 'multi' } },
}
for (const noun of ['ApiKey', 'OrganizationApiKey']) {
  Object.assign(operations, {
    [`get${noun}`]: { needs: 'viewer' },
    [`update${noun}`]: { needs: 'admin', body: { name: 'Mallory' } },
    [`revoke${noun}`]: { needs: 'admin' },
    [`rotate${noun}`]: { needs: 'admin', body: {} },
  })
}
for (const suffix of ['', 'ById']) {
  Object.assign(operations, {
    [`getClient${suffix}`]: { needs: 'viewer' },
    [`updateClient${suffix}`]: { needs: 'admin', body: { name: 'Mallory' } },
    [`deleteClient${suffix}`]: { needs: 'admin' },
    [`rotateClientSecret${suffix}`]: { needs: 'admin', body: {} },
    [`countClientConnections${suffix}`]: { needs: 'viewer' },
    [`endClientSecret${suffix}`]: { needs: 'admin' },
  })
}
for (const noun of ['Token', 'OwnToken']) {
  Object.assign(operations, {
    [`get${noun}`]: { needs: 'self' },
    [`rename${noun}`]: { needs: 'self', body: { name: 'Mallory' } },
    [`revoke${noun}`]: { needs: 'self' },
    [`rotate${noun}`]: { needs: 'self', body: {} },
  })
}

const roleRank = ['viewer', 'member', 'admin', 'owner']

interface Caller {
  credential: string | undefined
  /** Role in the victim's organization. */
  role?: string
  person?: boolean
  scopes?: string[]
}

const mayTry = (needs: Needs, { credential, role, person = false, scopes = [] }: Caller): boolean => {
  if (credential === undefined) return false
  if (needs === 'anybody') return true
  if (needs === 'verify') return scopes.includes('verify')
  if (needs === 'person') return person
  return role !== undefined && roleRank.includes(needs) && roleRank.indexOf(role) >= roleRank.indexOf(needs)
}

/** Everything that somebody could have changed, without what use alone changes. */
const snapshot = async ({ app: { store } }: Launched): Promise<string> => {
  const tables = [
    'users',
    'organizations',
    'members',
    'credentials',
    'credential_organizations',
    'clients',
    'client_secrets',
    'signing_keys',
    'links',
    'invitations',
    'identities',
    'sessions',
    'passkeys',
    'audit',
    'webhooks',
    'alert_settings',
  ] as const
  const active = ['alerts', 'webhook_deliveries', 'webhook_failures'] as const
  const rows = await Promise.all([
    ...tables.map((table) => store.db.selectFrom(table).selectAll().execute()),
    ...active.map((table) => store.activity.selectFrom(table).selectAll().execute()),
  ])
  return JSON.stringify(rows)
}

test('every operation is refused to everybody who may not, and changes nothing', async (t) => {
  const clock = stoppedClock('2026-05-01T00:00:00Z')
  const launched = await launch(t, { now: clock })
  const { operate, ask, app } = launched
  const victim = await world(launched)
  const foreign = await world(launched)
  const stranger = (
    await operate<{ id: string }>('POST', '/users', { email: 'stranger@example.com', name: 'Stranger' })
  ).id
  const tokenOf = async (userId: string) =>
    (await operate<{ token: string }>('POST', `/users/${userId}/tokens`, { name: 'T', all_organizations: true })).token
  const withRole = async (role: string) => {
    const { id } = await operate<{ id: string }>('POST', '/users', { email: `${role}@example.com`, name: role })
    await operate('POST', `${organization.replace('{organization_id}', victim.organization)}/members`, {
      user_id: id,
      role,
    })
    return tokenOf(id)
  }
  const victimKey = await victim.key()
  const victimToken = await victim.token()
  const victimClient = await victim.client()
  const {
    secrets: [, secret],
  } = await operate<{ secrets: { id: string }[] }>('POST', `/clients/${victimClient.client_id}/rotate`)
  await operate('POST', '/legacy-tokens/import', {
    lines: [
      {
        line: 2,
        name: 'L',
        owner: victim.owner,
        organization: victim.organization,
        token: 'a-legacy-value-of-the-victim',
      },
    ],
  })
  const [legacy] = (await operate<{ data: { id: string }[] }>('GET', '/legacy-tokens')).data
  const invite = (path: string, body: object) => operate<{ id: string }>('POST', `${path}/invitations`, body)
  const invitation = await invite(`/organizations/${victim.organization}`, { email: 'a@example.com', role: 'viewer' })
  const userInvitation = await invite('', { email: 'b@example.com' })
  const expired = await victim.key({ expires_in: 1 })
  const expiredToken = await victim.token({ expires_in: 1 })
  const revoked = await victim.key()
  await operate('DELETE', `/api-keys/${revoked.id}`)

  const callers: Record<string, Caller> = {
    nobody: { credential: undefined },
    'an expired key': { credential: expired.key },
    'an expired token of the owner': { credential: expiredToken.token },
    'a revoked key': { credential: revoked.key },
    'a key of the organization without scopes': { credential: victimKey.key },
    'a key of the organization with verify': {
      credential: (await victim.key({ scopes: 'verify' })).key,
      scopes: ['verify'],
    },
    'a key of another organization': { credential: (await foreign.key()).key },
    'a managing key of another organization': {
      credential: (
        await foreign.key({
          scopes: 'manage:api-keys manage:clients manage:members manage:audit manage:usage manage:organizations',
        })
      ).key,
    },
    'the owner of another organization': { credential: (await foreign.token()).token, person: true },
    'a person of no organization': { credential: await tokenOf(stranger), person: true },
    'a viewer': { credential: await withRole('viewer'), role: 'viewer', person: true },
    'a member': { credential: await withRole('member'), role: 'member', person: true },
    'an admin': { credential: await withRole('admin'), role: 'admin', person: true },
  }
  clock.advance(2000)
  const webhook = await operate<{ id: string }>('POST', `/organizations/${victim.organization}/webhooks`, {
    url: 'http://localhost:1/a',
  })
  const delivery = await operate<{ id: string }>(
    'POST',
    `/organizations/${victim.organization}/webhooks/${webhook.id}/test`,
  )
  const about = { kind: 'credential.unused', subjectKind: 'api_key', subjectId: victimKey.id, detail: {} } as const
  await raiseAlerts(
    app.store,
    [
      { ...about, organizationId: victim.organization, userId: null, period: '1' },
      { ...about, organizationId: null, userId: victim.owner, period: '2' },
    ],
    clock(),
  )
  const alerts = await app.store.activity.selectFrom('alerts').select(['id', 'user_id']).execute()

  const ids: Record<string, string> = {
    '{organization_id}': victim.organization,
    '{key_id}': victimKey.id,
    '{decision_id}': randomUUIDv7(),
    '{client_id}': victimClient.client_id,
    '{secret_id}': secret?.id ?? '',
    '{webhook_id}': webhook.id,
    '{delivery_id}': delivery.id,
    '{user_id}': victim.owner,
    '{identity_id}': '01977e4c-9d7a-7c3e-8a53-1c2f3a4b5c6d',
    '{session_id}': (await startSession(app.store, victim.owner, { ip: undefined }, clock())).session.id,
    '{passkey_id}': await addPasskey(app.store, victim.owner),
    '{stranger}': stranger,
    '{owner}': victim.owner,
    '{organization}': victim.organization,
  }
  const fill = (text: string, operationId: string): string =>
    text.replaceAll(/\{\w+\}/g, (name) =>
      name === '{token_id}'
        ? ((operationId.includes('Legacy') ? legacy?.id : victimToken.id) ?? '')
        : name === '{invitation_id}'
          ? (operationId.includes('User') ? userInvitation : invitation).id
          : name === '{alert_id}'
            ? (alerts.find(({ user_id }) => (user_id === null) !== operationId.includes('Own'))?.id ?? '')
            : (ids[name] ?? assert.fail(name)),
    )

  const { paths = {} } = app.server.swagger() as unknown as {
    paths?: Record<string, Record<string, { operationId: string }>>
  }
  const listed = Object.entries(paths)
    .filter(([path]) => path.startsWith('/api/v1/'))
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId }]) => ({ path, method: method.toUpperCase(), operationId })),
    )
  assert.deepEqual(
    listed.map(({ operationId }) => operationId).toSorted(),
    Object.keys(operations).toSorted(),
    'every operation stands in the table',
  )

  let tried = 0
  for (const { path, method, operationId } of listed) {
    const { needs, body } = operations[operationId] ?? assert.fail(operationId)
    for (const [who, caller] of Object.entries(callers)) {
      if (mayTry(needs, caller)) continue
      const before = await snapshot(launched)
      const { statusCode, body: text } = await ask(method, fill(path, operationId), {
        ...(caller.credential !== undefined && { as: caller.credential }),
        ...(body && { body: JSON.parse(fill(JSON.stringify(body), operationId)) as object }),
      })
      const what = `${who}: ${method} ${path} → ${statusCode} ${text}`
      const unknown = /^(nobody|an expired|a revoked)/.test(who)
      assert.ok(unknown ? statusCode === 401 : [403, 404].includes(statusCode), what)
      assert.equal(await snapshot(launched), before, `${what} changed something`)
      tried++
    }
  }
  assert.ok(tried > 500, `${tried} refusals`)
})

test('nobody but operators raises a tier, suspends, sees all, grants reserved scopes or acts for others', async (t) => {
  const launched = await launch(t)
  const { ask } = launched
  const acme = await world(launched)
  const other = await world(launched)
  const { token } = await acme.token()
  const managing = (await acme.key({ scopes: 'manage:organizations manage:api-keys manage:clients read' })).key
  const path = `/api/v1/organizations/${acme.organization}`
  for (const as of [token, managing]) {
    for (const [method, url, body] of [
      ['PATCH', path, { tier: 'enterprise' }],
      ['PATCH', path, { suspended: true }],
      ['POST', '/api/v1/organizations', { name: 'X', tier: 'pro' }],
      ['POST', '/api/v1/organizations', { name: 'X', owner: other.owner }],
      ['POST', `${path}/api-keys`, { name: 'X', scopes: 'verify' }],
      ['POST', `${path}/api-keys`, { name: 'X', scopes: 'manage:members' }],
      ['POST', `${path}/api-keys`, { name: 'X', user_id: other.owner }],
      ['POST', `${path}/clients`, { name: 'X', scopes: 'introspect' }],
      ['GET', '/api/v1/organizations?all=true', undefined],
    ] as const) {
      const { statusCode, body: text } = await ask(method, url, { as, ...(body && { body }) })
      assert.equal(statusCode, 403, `${method} ${url} ${JSON.stringify(body)}: ${text}`)
    }
  }
  // what a key with an end makes ends with it; what it may not do, its keys may not either
  const short = (await acme.key({ scopes: 'manage:api-keys read', expires_in: 60 })).key
  assert.equal(
    (await ask('POST', `${path}/api-keys`, { as: short, body: { name: 'X', scopes: 'read', expires_in: 3600 } }))
      .statusCode,
    403,
  )
  assert.equal(
    (await ask('POST', `${path}/api-keys`, { as: short, body: { name: 'X', scopes: 'read write' } })).statusCode,
    403,
  )
  const made = await ask('POST', `${path}/api-keys`, { as: short, body: { name: 'X', scopes: 'read' } })
  assert.equal(made.statusCode, 201, made.body)
  assert.notEqual(made.json<{ expires_at: string | null }>().expires_at, null)
})
