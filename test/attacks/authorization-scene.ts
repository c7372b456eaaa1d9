// A person, a client, and what an attacker needs to try the authorization endpoint; every line of the log is kept.
import assert from 'node:assert/strict'
import { pino } from 'pino'
import type { LatchkeyConfig } from '../../src/config/config.ts'
import { launch, stoppedClock, world } from '../harness.ts'
import { type Page, pkce, signIn, token } from '../oauth/flow.ts'
import type { Cleanup } from '../temporary-folder.ts'

const file: LatchkeyConfig = {
  defaultApi: 'orders',
  log: { level: 'debug', requests: 'all' },
  apis: {
    orders: {
      audience: 'https://orders.example.com',
      scopes: { read: 'Read orders', write: 'Change orders' },
      organization: { path: '/organizations/:organization' },
      hosts: ['orders.test'],
      upstream: 'echo',
    },
    stock: { audience: 'https://stock.example.com', scopes: { read: 'Read stock' } },
    paid: {
      audience: 'https://paid.example.com',
      scopes: { read: 'Read' },
      limits: [{ name: 'month', per: 'organization', limit: { free: 10, pro: 20, enterprise: null }, period: 'month' }],
    },
  },
}

export const redirect_uri = 'https://shop.example.com/callback'

export interface Judged {
  code: string
  principal?: Record<string, unknown>
  limits?: { name: string; limit: number; remaining: number }[]
}

export const authorizationScene = async (t: Cleanup, fields: Record<string, unknown> = {}) => {
  const clock = stoppedClock('2026-02-01T12:00:00Z')
  const lines: string[] = []
  const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) })
  const launched = await launch(t, { file, now: clock, log })
  const acme = await world(launched)
  const client = await acme.client({ redirect_uris: [redirect_uri], ...fields })
  const browser = await signIn(launched, acme.owner, clock())
  const { verifier, challenge } = pkce()
  const request = {
    client_id: client.client_id,
    redirect_uri,
    response_type: 'code',
    scope: 'read write',
    state: 'af0ifjsldkj',
    code_challenge: challenge,
    code_challenge_method: 'S256',
  }
  const redeem = (code: string, more: Record<string, string> = {}, as: typeof client = client) =>
    token(launched, as, { grant_type: 'authorization_code', code, redirect_uri, code_verifier: verifier, ...more })
  const judge = (credential: string, api = 'orders', more: object = {}) =>
    launched.operate<Judged>('POST', '/verify', { credential, api, ...more })
  const rows = async () => ({
    grants: await launched.app.store.db.selectFrom('grants').selectAll().execute(),
    codes: await launched.app.store.db.selectFrom('codes').selectAll().execute(),
  })
  return { clock, launched, acme, client, browser, verifier, request, redeem, judge, rows, lines }
}

/** The answer stays with the person: a page that leads nowhere, in no frame, kept by nobody. */
export const assertShown = ({ statusCode, headers, body }: Page, status: number, what: string): void => {
  assert.equal(statusCode, status, `${what}: ${String(headers.location)}`)
  assert.equal(headers.location, undefined, what)
  assert.doesNotMatch(body, /http-equiv|<script|<iframe/i, what)
  assertGuarded({ headers }, what)
}

export const assertGuarded = ({ headers }: Pick<Page, 'headers'>, what: string): void => {
  const policy = String(headers['content-security-policy'])
  assert.match(policy, /default-src 'none'/, what)
  assert.match(policy, /frame-ancestors 'none'/, what)
  assert.match(policy, /base-uri 'none'/, what)
  assert.doesNotMatch(policy, /unsafe|\*/, what)
  assert.equal(headers['x-frame-options'], 'DENY', what)
  assert.equal(headers['cache-control'], 'no-store', what)
  assert.equal(headers['referrer-policy'], 'no-referrer', what)
  assert.equal(headers['x-content-type-options'], 'nosniff', what)
}

/** What the client is sent, in the query alone and each parameter once, always with the issuer (RFC 9207 §2). */
export const sentBack = (page: Page, issuer: string, to = redirect_uri): Record<string, string> => {
  assert.equal(page.statusCode, 303, page.body)
  const location = String(page.headers.location)
  assert.ok(location.startsWith(`${to}?`), location)
  const { searchParams, hash } = new URL(location)
  assert.equal(hash, '', location)
  for (const name of searchParams.keys()) assert.equal(searchParams.getAll(name).length, 1, location)
  assert.equal(searchParams.get('iss'), issuer, location)
  assert.equal(page.headers['referrer-policy'], 'no-referrer')
  assert.equal(page.headers['cache-control'], 'no-store')
  return Object.fromEntries(searchParams)
}
