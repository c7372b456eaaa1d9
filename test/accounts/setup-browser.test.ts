// /setup in a real browser: usable by keyboard alone, accessible in every look, without a line of script.
import { test } from 'node:test'
import { setupLink } from '../../src/accounts/links.ts'
import { assertInOrder, browserOrSkip } from '../browser.ts'
import { serve } from '../gateway/wire.ts'
import { launch } from '../harness.ts'

test('the first operator is made by keyboard', async (t) => {
  const browser = await browserOrSkip(t)
  if (!browser) return
  const page = await browser.newPage()
  const launched = await launch(t)
  const port = await serve(t, launched)
  await page.goto(String(await setupLink(launched.app.store, `http://localhost:${port}`, Date.now())))
  await assertInOrder(page, 'set up')
  for (const text of ['Ada', 'ada@example.com', 'too short']) {
    await page.keyboard.type(text)
    await page.keyboard.press('Tab')
  }
  await page.keyboard.type('Engines')
  await page.evaluate("document.querySelectorAll('input').forEach((input) => input.removeAttribute('minlength'))")
  await page.keyboard.press('Enter')
  await page.getByRole('alert').waitFor()
  await assertInOrder(page, 'set up, a mistake')
  await page.keyboard.type('correct horse battery')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Latchkey is set up' }).waitFor()
  await assertInOrder(page, 'is set up')
})
