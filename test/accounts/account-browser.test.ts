// /account in a real browser: accessible in every look, and revoked by keyboard.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accessibilityFaults, browserOrSkip, inEveryLook, isTooWide } from '../browser.ts'
import { serve } from '../gateway/wire.ts'
import { password } from '../visitor.ts'
import { documentId, scene } from './applications-scene.ts'

test('somebody looks at their account and revokes an application, in every look', async (t) => {
  const browser = await browserOrSkip(t)
  if (!browser) return
  const ada = await scene(t)
  const origin = `http://localhost:${await serve(t, ada.launched)}`
  await ada.connect(ada.clientId, 'read write')
  await inEveryLook(browser, async (page, look) => {
    const { access_token } = await ada.connect(documentId, 'openid read')
    await page.goto(`${origin}/account`)
    await page.getByLabel('E-mail').fill('ada@example.com')
    await page.getByLabel('Password').fill(password)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Your account' }).waitFor()
    assert.deepEqual(await accessibilityFaults(page), [], look)
    assert.equal(await isTooWide(page), false, look)
    const buttons = page.getByRole('button', { name: /^Revoke the access of/ })
    assert.equal(await buttons.count(), 2)
    await page.getByRole('button', { name: 'Revoke the access of Notes <b>', exact: true }).waitFor()
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.getByRole('status').waitFor()
    assert.equal(await ada.statusOf(access_token), 401)
    assert.equal(await buttons.count(), 1)
    assert.deepEqual(await accessibilityFaults(page), [], look)
  })
})
