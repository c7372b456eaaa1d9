// /setup in a real browser: usable by keyboard alone, accessible in every look, without a line of script.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setupLink } from '../../src/accounts/links.ts'
import { accessibilityFaults, browserOrSkip, inEveryLook, isTooWide } from '../browser.ts'
import { serve } from '../gateway/wire.ts'
import { launch } from '../harness.ts'

test('the first operator is made by keyboard, in every look', async (t) => {
  const browser = await browserOrSkip(t)
  if (!browser) return
  await inEveryLook(browser, async (page, look) => {
    const launched = await launch(t)
    const port = await serve(t, launched)
    await page.goto(String(await setupLink(launched.app.store, `http://localhost:${port}`, Date.now())))
    assert.deepEqual(await accessibilityFaults(page), [], look)
    assert.equal(await isTooWide(page), false, look)
    for (const text of ['Ada', 'ada@example.com', 'too short']) {
      await page.keyboard.type(text)
      await page.keyboard.press('Tab')
    }
    await page.keyboard.type('Engines')
    await page.evaluate("document.querySelectorAll('input').forEach((input) => input.removeAttribute('minlength'))")
    await page.keyboard.press('Enter')
    await page.getByRole('alert').waitFor()
    assert.deepEqual(await accessibilityFaults(page), [], look)
    await page.keyboard.type('correct horse battery')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Latchkey is set up' }).waitFor()
    assert.deepEqual(await accessibilityFaults(page), [], look)
    assert.equal(await isTooWide(page), false, look)
  })
})
