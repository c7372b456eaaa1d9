// A person at a browser, without one: signed in by a session in the store, pressing the buttons of the pages by their forms.
import assert from 'node:assert/strict'
import { hash, randomBytes } from 'node:crypto'
import type { OutgoingHttpHeaders } from 'node:http'
import { startSession } from '../../src/accounts/sessions.ts'
import type { Launched } from '../harness.ts'

/** What answers: the app itself (`Launched`), or a server over its socket. */
export interface Asked {
  ask: (
    method: string,
    url: string,
    options: { host?: string; headers?: Record<string, string>; form?: Record<string, string> },
  ) => Promise<Page>
}

export interface Page {
  statusCode: number
  headers: OutgoingHttpHeaders
  body: string
  json: <T>() => T
}

export interface Browser {
  cookie: string
  userId: string
}

/** A browser in which the person is signed in. */
export const signIn = async ({ app }: Pick<Launched, 'app'>, userId: string, now = Date.now()): Promise<Browser> => {
  const { value } = await startSession(app.store, userId, { ip: '127.0.0.1', userAgent: 'test' }, now)
  return { cookie: `latchkey_session=${value}`, userId }
}

export const pkce = (): { verifier: string; challenge: string } => {
  const verifier = randomBytes(32).toString('base64url')
  return { verifier, challenge: hash('sha256', verifier, 'base64url') }
}

export type Parameters = Record<string, string> | [string, string][]

const queryString = (parameters: Parameters): string => new URLSearchParams(parameters).toString()

/** GET /oauth/authorize. */
export const authorize = ({ ask }: Asked, browser: Browser | undefined, parameters: Parameters, host = 'localhost') =>
  ask('GET', `/oauth/authorize?${queryString(parameters)}`, {
    host,
    headers: browser ? { cookie: browser.cookie } : {},
  })

const unescape = (text: string): string =>
  text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')

/** Address and hidden fields of the one form on the page. */
export const formOf = (page: { body: string }): { action: string; fields: Record<string, string> } => {
  const action = /<form method="post" action="([^"]*)"/.exec(page.body)?.[1]
  assert.ok(action, `no form in ${page.body.slice(0, 2000)}`)
  const fields: Record<string, string> = {}
  for (const [, name, value] of page.body.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g))
    fields[unescape(name as string)] = unescape(value as string)
  return { action: unescape(action), fields }
}

/** Presses a button of the consent page. */
export const decide = (
  { ask }: Asked,
  { cookie }: Browser,
  page: { body: string },
  decision: 'allow' | 'deny' = 'allow',
  more: Record<string, string> = {},
) => {
  const { action, fields } = formOf(page)
  return ask('POST', action, { headers: { cookie }, form: { ...fields, decision, ...more } })
}

/** The parameters that the client is sent. */
export const sentTo = (page: Page, redirectUri: string): Record<string, string> => {
  assert.equal(page.statusCode, 303, page.body)
  const location = String(page.headers.location)
  assert.ok(location.startsWith(redirectUri), location)
  return Object.fromEntries(new URL(location).searchParams)
}

/** The code of a request that the person allows. */
export const allowedCode = async (
  launched: Asked,
  browser: Browser,
  parameters: Record<string, string> & { redirect_uri: string },
): Promise<string> => {
  const page = await authorize(launched, browser, parameters)
  const answer = page.statusCode === 200 ? await decide(launched, browser, page) : page
  const { code, error_description } = sentTo(answer, parameters.redirect_uri)
  assert.ok(code !== undefined, error_description ?? 'no code')
  return code
}

export interface TokenAnswer {
  access_token: string
  token_type: string
  expires_in: number
  scope?: string
  refresh_token?: string
  id_token?: string
  error?: string
  error_description?: string
}

/** POST /oauth/token; `client` with its secret, if it has one. */
export const token = async (
  { ask }: Asked,
  client: { client_id: string; client_secret?: string },
  form: Record<string, string>,
  host = 'localhost',
) => {
  const { client_id, client_secret } = client
  const answer = await ask('POST', '/oauth/token', {
    host,
    form: { client_id, ...(client_secret !== undefined && { client_secret }), ...form },
  })
  return { status: answer.statusCode, body: answer.json<TokenAnswer>() }
}

export const claimsOf = (jwt: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(jwt.split('.')[1] as string, 'base64url').toString()) as Record<string, unknown>
