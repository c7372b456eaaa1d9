// RP-initiated logout in a real browser: asked and unasked, from a link and from a form of the client's site.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import type { Page } from 'playwright-core'
import { assertInOrder, browserOrSkip } from '../browser.ts'
import { addPerson, password } from '../visitor.ts'
import { allowed } from './allowed.ts'
import { listening } from './listening.ts'

/** The client's site, another than the server's: `/out` posts to it what the query says, by a form. */
const clientSite = async (t: TestContext, endpoint: string): Promise<string> => {
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://client')
    const fields = [...searchParams].map(([name, value]) => `<input type="hidden" name="${name}" value="${value}">`)
    response
      .setHeader('content-type', 'text/html')
      .end(
        pathname === '/out'
          ? `<title>Shop</title><form method="post" action="${endpoint}">${fields.join('')}<button>Leave</button></form>`
          : '<title>Shop</title><h1>See you soon</h1>',
      )
  }).listen(0, '127.0.0.1')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('RP-initiated logout in a browser', async (t) => {
  const browser = await browserOrSkip(t)
  if (!browser) return
  const { launched, issuer, acme } = await listening(t)
  const endpoint = new URL('/oauth/logout', issuer).href
  const site = await clientSite(t, endpoint)
  const goodbye = `${site}/bye`
  const person = await addPerson(launched)
  const client = await acme.client({
    name: 'Shop',
    redirect_uris: [`${site}/callback`],
    post_logout_redirect_uris: [goodbye],
  })
  const { store } = launched.app
  const sessions = async (): Promise<number> =>
    (await store.db.selectFrom('sessions').select('id').where('user_id', '=', person).execute()).length

  const signIn = async (page: Page): Promise<void> => {
    await page.goto(new URL('/login', issuer).href)
    await page.getByLabel('E-mail').fill('ada@example.com')
    await page.getByLabel('Password').fill(password)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.waitForURL((url) => url.pathname !== '/login')
  }
  const arrived = async (page: Page): Promise<void> => {
    await page.getByRole('heading', { name: 'See you soon' }).waitFor()
    assert.equal(page.url(), `${goodbye}?state=the+state`)
    assert.equal(await sessions(), 0)
  }
  const query = { client_id: client.client_id, post_logout_redirect_uri: goodbye, state: 'the state' }

  await t.test('who follows a link is asked, and is back at the client signed out', async () => {
    const page = await browser.newPage()
    await signIn(page)
    await page.goto(`${endpoint}?${new URLSearchParams(query).toString()}`)
    await page.getByRole('heading', { name: 'Sign out?' }).waitFor()
    for (const words of ['ada@example.com', 'Shop']) await page.getByText(words).first().waitFor()
    await assertInOrder(page, 'sign out?')
    await page.getByRole('button', { name: 'Sign out' }).click()
    await arrived(page)
  })

  await t.test('a form of the client’s site with the person’s id_token is not asked about', async () => {
    const api = [...launched.config.apis.keys()][0] as string
    const { id_token: id_token_hint = '' } = await allowed(launched, { client, userId: person, scope: 'openid', api })
    const page = await (await browser.newContext()).newPage()
    await signIn(page)
    await page.goto(`${site}/out?${new URLSearchParams({ ...query, id_token_hint }).toString()}`)
    await page.getByRole('button', { name: 'Leave' }).click()
    await arrived(page)
    await page.goto(endpoint)
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor()
    await assertInOrder(page, 'signed out')
  })
})
