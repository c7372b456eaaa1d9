// The way of a person in a real browser: sign in, consent, and back to the client; and what people do instead.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type IncomingMessage, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { assertInOrder, browserOrSkip } from '../browser.ts'
import { addPerson, password } from '../visitor.ts'
import { pkce, token } from './flow.ts'
import { listening } from './listening.ts'

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  let text = ''
  for await (const part of request.setEncoding('utf8')) text += part
  return text
}

/** The client's own site; it keeps what it was sent. */
const clientSite = async (t: TestContext, host: string) => {
  const answers: { method: string; origin: string | undefined; parameters: URLSearchParams }[] = []
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const { searchParams, pathname } = new URL(request.url ?? '/', 'http://client')
      if (pathname === '/callback')
        answers.push({
          method: String(request.method),
          origin: request.headers.origin,
          parameters: request.method === 'POST' ? new URLSearchParams(body) : searchParams,
        })
      response.setHeader('content-type', 'text/html').end('<title>Shop</title><h1>Welcome back</h1>')
    })
  }).listen(0, host)
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { answers, redirect_uri: `http://${host.includes(':') ? `[${host}]` : host}:${port}/callback` }
}

/** A server, a person, and a client on a site of its own. */
const scene = async (t: TestContext, host = '127.0.0.1') => {
  const at = await listening(t)
  const person = await addPerson(at.launched)
  await at.launched.operate('POST', '/organizations', { name: 'Analytical Engines', owner: person })
  const site = await clientSite(t, host)
  const client = await at.acme.client({
    name: 'Shop',
    redirect_uris: [site.redirect_uri, 'com.example.shop:/callback'],
    uri: 'https://shop.example.com/',
  })
  const { verifier, challenge } = pkce()
  const address = (more: Record<string, string> = {}): string => {
    const url = new URL('/oauth/authorize', at.issuer)
    url.search = new URLSearchParams({
      client_id: client.client_id,
      redirect_uri: site.redirect_uri,
      response_type: 'code',
      scope: 'openid email read write',
      state: 'the state',
      code_challenge: challenge,
      code_challenge_method: 'S256',
      ...more,
    }).toString()
    return url.href
  }
  const redeem = (code: string | null) =>
    token(at.launched, client, {
      grant_type: 'authorization_code',
      code: String(code),
      redirect_uri: site.redirect_uri,
      code_verifier: verifier,
    })
  return { ...at, ...site, address, redeem, person, client }
}

const signIn = async (page: Page, secret = password): Promise<void> => {
  await page.getByLabel('E-mail').fill('ada@example.com')
  await page.getByLabel('Password').fill(secret)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

const allow = (page: Page) => page.getByRole('button', { name: 'Allow' })
const welcome = (page: Page): Promise<void> => page.getByRole('heading', { name: 'Welcome back' }).waitFor()

/** Fails where the browser held something back by the page's policy. */
const watchPolicy = (page: Page): (() => void) => {
  const refusals: string[] = []
  page.on('console', (message) => {
    if (/Content Security Policy/i.test(message.text())) refusals.push(message.text())
  })
  return () => assert.deepEqual(refusals, [])
}

const signedIn = async (browser: Browser, at: { issuer: URL }, options = {}): Promise<Page> => {
  const page = await (await browser.newContext(options)).newPage()
  await page.goto(new URL('/login', at.issuer).href)
  await signIn(page)
  await page.waitForURL((url) => url.pathname !== '/login')
  return page
}

test('by keyboard alone from the client over sign-in and consent back to the client, in every look', async (t) => {
  const browser = await browserOrSkip(t)
  if (!browser) return
  const { address, answers, redeem, issuer } = await scene(t)
  const page = await browser.newPage()
  const assertPolicy = watchPolicy(page)
  await page.goto(address({ prompt: 'consent' }))
  await page.locator('#email:focus').waitFor()
  await page.keyboard.type('ada@example.com')
  await page.keyboard.press('Tab')
  await page.keyboard.type(password)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Allow Shop?' }).waitFor()
  await assertInOrder(page, 'consent')
  for (const words of ['Analytical Engines', 'ada@example.com', 'Know who you are', 'Change orders'])
    await page.getByText(words).first().waitFor()
  let presses = 0
  while ((await page.evaluate('document.activeElement.textContent')) !== 'Allow') {
    assert.ok(++presses < 5, 'Allow is reached within a few presses')
    await page.keyboard.press('Tab')
  }
  await page.keyboard.press('Enter')
  await welcome(page)
  assertPolicy()
  const { method, parameters } = answers.pop() as (typeof answers)[number]
  assert.deepEqual([method, parameters.get('state'), parameters.get('iss')], ['GET', 'the state', issuer.origin])
  assert.equal((await redeem(parameters.get('code'))).status, 200)
  assert.equal(await page.evaluate('document.referrer'), '', 'the client is not told what the address was')
})

test('what was allowed once is not asked again: from sign-in straight on to the client', async (t) => {
  const browser = await browserOrSkip(t)
  if (!browser) return
  const at = await scene(t)
  const first = await signedIn(browser, at)
  await first.goto(at.address())
  await allow(first).click()
  await welcome(first)
  const second = await (await browser.newContext()).newPage()
  const assertPolicy = watchPolicy(second)
  await second.goto(at.address())
  await signIn(second)
  await welcome(second)
  assertPolicy()
})

test('deny; a wrong password; a page that has expired; another account', async (t) => {
  const browser = await browserOrSkip(t)
  if (!browser) return
  const at = await scene(t)
  const page = await (await browser.newContext()).newPage()
  await page.goto(at.address())
  await signIn(page, 'wrong horse battery')
  await page.getByRole('alert').waitFor()
  await page.getByLabel('Password').fill(password)
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Deny' }).click()
  await welcome(page)
  assert.equal(at.answers.pop()?.parameters.get('error'), 'access_denied')

  await page.goto(at.address())
  const cookies = await page.context().cookies()
  await page.context().clearCookies()
  await allow(page).click()
  await page.getByRole('heading', { name: 'This page has expired' }).waitFor()
  await assertInOrder(page, 'consent has expired')
  await page.context().addCookies(cookies)
  await page.getByRole('link', { name: 'Look at the request again' }).click()
  await allow(page).waitFor()
  await page.getByRole('link', { name: 'Use another account' }).click()
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  await signIn(page)
  await allow(page).click()
  await welcome(page)
  assert.ok(at.answers.pop()?.parameters.get('code'))
  assert.deepEqual(at.answers, [])

  await page.goto(at.address({ redirect_uri: 'https://evil.example/' }))
  await page.getByRole('heading', { name: 'This request cannot be answered' }).waitFor()
  await assertInOrder(page, 'cannot be answered')
})

test('the back button after Allow, and Allow pressed twice: the client ends up with a code that works', async (t) => {
  const browser = await browserOrSkip(t)
  if (!browser) return
  const at = await scene(t)
  const page = await signedIn(browser, at)
  await page.goto(at.address({ prompt: 'consent' }))
  await allow(page).dblclick()
  await welcome(page)
  const last = at.answers.at(-1)?.parameters.get('code') ?? null
  assert.equal((await at.redeem(last)).status, 200)
  await page.goBack()
  await allow(page).click()
  await welcome(page)
  const again = at.answers.at(-1)?.parameters.get('code') ?? null
  assert.notEqual(again, last)
  assert.equal((await at.redeem(again)).status, 200)
})

test('Form Post Response Mode: with JavaScript by itself, without it by a button', async (t) => {
  const browser = await browserOrSkip(t)
  if (!browser) return
  const at = await scene(t)
  for (const javaScriptEnabled of [true, false]) {
    const page = await signedIn(browser, at, { javaScriptEnabled })
    const assertPolicy = watchPolicy(page)
    await page.goto(at.address({ response_mode: 'form_post', prompt: 'consent' }))
    await allow(page).click()
    if (!javaScriptEnabled) {
      await page.getByRole('heading', { name: 'One more step' }).waitFor()
      await page.getByRole('button', { name: 'Continue' }).click()
    }
    await welcome(page)
    assertPolicy()
    const { method, origin, parameters } = at.answers.pop() as (typeof at.answers)[number]
    assert.deepEqual([method, origin, parameters.get('iss')], ['POST', 'null', at.issuer.origin])
    assert.equal((await at.redeem(parameters.get('code'))).status, 200)
    assert.deepEqual([...parameters.keys()], ['code', 'state', 'iss'])
  }
})

test('RFC 8252 §7: the browser lets the consent page lead to an IPv6 loopback address and to an app', async (t) => {
  const browser = await browserOrSkip(t)
  if (!browser) return
  const at = await scene(t, '::1')
  const page = await signedIn(browser, at)
  const assertPolicy = watchPolicy(page)
  await page.goto(at.address())
  await allow(page).click()
  await welcome(page)
  assertPolicy()
  await page.goto(at.address({ redirect_uri: 'com.example.shop:/callback', prompt: 'consent' }))
  const left = page.waitForEvent('requestfailed', (request) => request.url().startsWith('com.example.shop:'))
  await allow(page).click()
  await left
  assertPolicy()
})
