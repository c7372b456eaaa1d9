// /login in a real browser: by keyboard alone, accessible in every look, and on to a client's own site.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { accessibilityFaults, browserOrSkip, inEveryLook, isTooWide } from '../browser.ts'
import { serve } from '../gateway/wire.ts'
import { launch } from '../harness.ts'
import { addPerson, password } from '../visitor.ts'

test('somebody signs in by keyboard, in every look', async (t) => {
  const browser = await browserOrSkip(t)
  if (!browser) return
  const launched = await launch(t, { file: {} })
  await addPerson(launched)
  const origin = `http://localhost:${await serve(t, launched)}`
  await inEveryLook(browser, async (page, look) => {
    const check = async (): Promise<void> => {
      assert.deepEqual(await accessibilityFaults(page), [], `${look} ${page.url()}`)
      assert.equal(await isTooWide(page), false, `${look} ${page.url()}`)
    }
    await page.goto(`${origin}/login?return_to=%2Fdocs`)
    await check()
    await page.keyboard.type('ada@example.com')
    await page.keyboard.press('Tab')
    await page.keyboard.type('wrong horse battery')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').waitFor()
    assert.match(await page.getByRole('alert').innerText(), /E-mail or password is wrong/)
    assert.equal(await page.getByLabel('E-mail').inputValue(), 'ada@example.com')
    assert.equal(await page.getByLabel('Password').inputValue(), '')
    await check()
    // the password has the focus: nothing else is left to fill in
    await page.keyboard.type(password)
    await page.keyboard.press('Enter')
    await page.waitForURL(`${origin}/docs`)
    await page.goto(`${origin}/login`)
    await page.getByRole('heading', { name: 'You are signed in' }).waitFor()
    await check()
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
})

test('after the form a page of this server may redirect to a client’s site, and another site’s form signs nobody in', async (t) => {
  const browser = await browserOrSkip(t)
  if (!browser) return
  const launched = await launch(t, { file: {} })
  await addPerson(launched)
  const client = createServer((request, response) => {
    response.setHeader('content-type', 'text/html')
    response.end(
      request.url?.startsWith('/attack')
        ? `<form method="post" action="${request.url.slice(8)}/login"><input name="email" value="ada@example.com"><input name="password" value="${password}"><button>Win</button></form>`
        : 'Welcome back',
    )
  }).listen(0, '127.0.0.1')
  t.after(() => {
    client.close()
    client.closeAllConnections()
  })
  await once(client, 'listening')
  const away = `http://127.0.0.1:${(client.address() as AddressInfo).port}`
  // stands for the authorization endpoint with consent remembered: it redirects at once
  const origin = `http://localhost:${await serve(t, launched)}`
  const page = await browser.newPage()
  await page.route(`${origin}/oauth/leads-away`, (route) =>
    route.fulfill({ status: 302, headers: { location: `${away}/callback?code=ac_1` } }),
  )
  await page.goto(`${origin}/login?return_to=%2Foauth%2Fleads-away`)
  await page.getByLabel('E-mail').fill('ada@example.com')
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL(`${away}/callback?code=ac_1`)
  assert.equal(await page.locator('body').innerText(), 'Welcome back')

  const victim = await (await browser.newContext()).newPage()
  await victim.goto(`${away}/attack/${origin}`)
  await victim.getByRole('button').click()
  await victim.getByRole('alert').waitFor()
  assert.deepEqual(
    (await victim.context().cookies()).map(({ name }) => name),
    ['latchkey_form'],
  )
})
