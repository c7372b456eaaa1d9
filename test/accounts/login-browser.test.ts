// /login in a real browser: by keyboard alone, accessible in every look, and on to a client's own site.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { assertInOrder, browserOrSkip } from '../browser.ts'
import { serve } from '../gateway/wire.ts'
import { launch } from '../harness.ts'
import { allowedCode, pkce, signIn } from '../oauth/flow.ts'
import { addPerson, password } from '../visitor.ts'

test('somebody signs in by keyboard', async (t) => {
  const browser = await browserOrSkip(t)
  if (!browser) return
  const launched = await launch(t, { file: {} })
  await addPerson(launched)
  const origin = `http://localhost:${await serve(t, launched)}`
  const page = await browser.newPage()
  await page.goto(`${origin}/login?return_to=%2Fdocs`)
  await assertInOrder(page, 'sign in')
  await page.keyboard.type('ada@example.com')
  await page.keyboard.press('Tab')
  await page.keyboard.type('wrong horse battery')
  await page.keyboard.press('Enter')
  await page.getByRole('alert').waitFor()
  assert.match(await page.getByRole('alert').innerText(), /E-mail or password is wrong/)
  assert.equal(await page.getByLabel('E-mail').inputValue(), 'ada@example.com')
  assert.equal(await page.getByLabel('Password').inputValue(), '')
  await assertInOrder(page, 'signed in with a wrong password')
  // the password has the focus: nothing else is left to fill in
  await page.keyboard.type(password)
  await page.keyboard.press('Enter')
  await page.waitForURL(`${origin}/docs`)
  await page.goto(`${origin}/login`)
  await page.getByRole('heading', { name: 'You are signed in' }).waitFor()
  await assertInOrder(page, 'signed in')
  const [session] = (await page.context().cookies()).filter(({ name }) => name === 'latchkey_session')
  assert.ok(session?.httpOnly && session.sameSite === 'Lax')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await page.waitForURL(`${origin}/login`)
  await page.getByLabel('Password').waitFor()
  assert.deepEqual(
    await page
      .context()
      .cookies()
      .then((all) => all.filter(({ name }) => name === 'latchkey_session')),
    [],
  )
})

/** Another site: answers every path, and has a page with a form that posts to `?to=`. */
const otherSite = async (t: TestContext): Promise<string> => {
  const server = createServer((request, response) => {
    const to = new URL(request.url ?? '', 'http://localhost').searchParams.get('to')
    response.setHeader('content-type', 'text/html')
    response.end(
      to === null
        ? 'Welcome back'
        : `<form method="post" action="${to}"><input name="email" value="ada@example.com"><input name="password" value="${password}"><button>Win</button></form>`,
    )
  }).listen(0, '127.0.0.1')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('with consent remembered, the sign-in leads through the authorization endpoint to the client’s site', async (t) => {
  const browser = await browserOrSkip(t)
  if (!browser) return
  const launched = await launch(t, { file: { apis: { orders: { scopes: { read: 'Read orders' } } } } })
  const id = await addPerson(launched)
  const { id: organization } = await launched.operate<{ id: string }>('POST', '/organizations', {
    name: 'Engines',
    owner: id,
  })
  const redirect_uri = `${await otherSite(t)}/callback`
  const { client_id } = await launched.operate<{ client_id: string }>(
    'POST',
    `/organizations/${organization}/clients`,
    { name: 'Shop', redirect_uris: [redirect_uri], grants: ['authorization_code'] },
  )
  const request = {
    client_id,
    redirect_uri,
    response_type: 'code',
    scope: 'read',
    code_challenge: pkce().challenge,
    code_challenge_method: 'S256',
  }
  await allowedCode(launched, await signIn(launched, id), request)
  const page = await browser.newPage()
  const origin = `http://localhost:${await serve(t, launched)}`
  await page.goto(`${origin}/oauth/authorize?${new URLSearchParams(request).toString()}`)
  await page.getByLabel('E-mail').fill('ada@example.com')
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL((url) => url.href.startsWith(`${redirect_uri}?code=ac_`))
  assert.equal(await page.locator('body').innerText(), 'Welcome back')
})

test('the form of another site signs nobody in', async (t) => {
  const browser = await browserOrSkip(t)
  if (!browser) return
  const launched = await launch(t, { file: {} })
  await addPerson(launched)
  const origin = `http://localhost:${await serve(t, launched)}`
  const page = await browser.newPage()
  await page.goto(`${await otherSite(t)}/?to=${encodeURIComponent(`${origin}/login`)}`)
  await page.getByRole('button').click()
  await page.getByRole('alert').waitFor()
  const cookies = await page.context().cookies()
  assert.deepEqual(
    cookies.map(({ name }) => name),
    ['latchkey_form'],
  )
})
