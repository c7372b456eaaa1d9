// A server that listens, people and organizations on it, and browsers that they are signed in in: what tests of the dashboard begin with.
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import type { TestContext } from 'node:test'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { startSession } from '../../src/accounts/sessions.ts'
import { ensureBuild } from '../../src/dashboard/build.ts'
import { browserOrSkip } from '../browser.ts'
import { serve } from '../gateway/wire.ts'
import { type LaunchOptions, type Launched, launch } from '../harness.ts'
import { addPerson } from '../visitor.ts'

export interface Person {
  id: string
  email: string
  name: string
}

export interface Scene {
  launched: Launched
  browser: Browser
  /** `http://localhost:…`: the dashboard. */
  origin: string
  /** Who can sign in with `password` of test/visitor.ts. Ada unless told otherwise. */
  person: (fields?: { email?: string; name?: string; operator?: boolean }) => Promise<Person>
  /** An organization that the person owns. */
  organization: (owner: Person, name?: string, tier?: string) => Promise<string>
  /** A page of a new browser context that the person is signed in in, without going through the form; at `path` where one is given. */
  page: (person: Person, path?: string, options?: BrowserContextOptions) => Promise<Page>
  /** Puts a new session of the person into a context that is there already. */
  signIn: (page: Page, person: Person) => Promise<void>
}

/** A port that nobody listened on a moment ago. */
export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/**
 * undefined: there is no Chromium, and the test is marked as skipped. `atIssuer`: it listens at the address that it takes for its own, as
 * passkeys and links in letters need it; `port`: at this one.
 */
export const dashboardScene = async (
  t: TestContext,
  {
    port: wanted,
    atIssuer = wanted !== undefined,
    ...options
  }: LaunchOptions & { atIssuer?: boolean; port?: number } = {},
): Promise<Scene | undefined> => {
  const browser = await browserOrSkip(t)
  if (!browser) return undefined
  await ensureBuild(() => {})
  const port = wanted ?? (atIssuer ? await freePort() : 0)
  const launched = await launch(t, atIssuer ? { ...options, env: { ...options.env, PORT: String(port) } } : options)
  const origin = `http://localhost:${await serve(t, launched, port)}`
  const now = options.now ?? Date.now
  const signIn: Scene['signIn'] = async (page, { id }) => {
    const { value } = await startSession(launched.app.store, id, { ip: '127.0.0.1', userAgent: 'Chromium' }, now())
    await page
      .context()
      .addCookies([
        { name: 'latchkey_session', value, domain: 'localhost', path: '/', httpOnly: true, sameSite: 'Lax' },
      ])
  }
  return {
    launched,
    browser,
    origin,
    signIn,
    async person({ email = 'ada@example.com', name = 'Ada Lovelace', operator = false } = {}) {
      return { id: await addPerson(launched, { email, name, operator }), email, name }
    },
    async organization(owner, name = 'Analytical Engines', tier = 'free') {
      return (await launched.operate<{ id: string }>('POST', '/organizations', { name, owner: owner.id, tier })).id
    },
    async page(person, path, contextOptions = {}) {
      const context = await browser.newContext(contextOptions)
      const page = await context.newPage()
      await signIn(page, person)
      if (path !== undefined) await page.goto(origin + path)
      return page
    },
  }
}
