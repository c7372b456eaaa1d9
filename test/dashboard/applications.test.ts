// Account → Connected applications: what each may do, in words, where it comes from, and taking it back with effect at once.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { documentId, scene as connected } from '../accounts/applications-scene.ts'
import { assertInOrder, browserOrSkip } from '../browser.ts'
import { serve } from '../gateway/wire.ts'
import { password } from '../visitor.ts'
import { enter, press } from './hands.ts'

test('connected applications in a browser', async (t) => {
  const browser = await browserOrSkip(t)
  if (!browser) return
  const ada = await connected(t)
  const origin = `http://localhost:${await serve(t, ada.launched)}`
  const shop = await ada.connect(ada.clientId, 'read write')
  const notes = await ada.connect(documentId, 'openid read')
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, colorScheme: 'dark' })
  const page = await context.newPage()
  await page.goto(`${origin}/account/applications`)
  await enter(page.getByLabel('E-mail'), 'ada@example.com')
  await enter(page.getByLabel('Password'), password)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: 'Connected applications' }).waitFor()

  await t.test(
    'each is shown with its host, with what it may do in words, and a mark where nobody has checked it',
    async () => {
      const card = (name: string) => page.getByRole('listitem').filter({ has: page.getByRole('heading', { name }) })
      const first = (await card('Shop').textContent()) ?? ''
      assert.match(first, /At orders, for Engines, it may:Read ordersChange orders/)
      assert.doesNotMatch(first, /Not verified/)
      const second = (await card('Notes <b>').textContent()) ?? ''
      assert.match(second, /notes\.example/)
      assert.match(second, /Not verified/)
      assert.equal(await page.locator('main b').count(), 0, 'a name is text')
      await assertInOrder(page, 'applications')
    },
  )

  await t.test('revoked by keyboard, its token is refused at the next request, and no other’s', async () => {
    assert.equal(await ada.statusOf(notes.access_token), 200)
    await press(page.getByRole('button', { name: 'Revoke the access of Notes <b>', exact: true }))
    const dialog = page.getByRole('dialog', { name: 'Revoke the access of Notes <b>?' })
    await press(dialog.getByRole('button', { name: 'Revoke access' }))
    await dialog.waitFor({ state: 'detached' })
    await page.getByRole('heading', { name: 'Notes <b>' }).waitFor({ state: 'detached' })
    assert.equal(await ada.statusOf(notes.access_token), 401)
    assert.equal(await ada.statusOf(shop.access_token), 200)
    const [entry] = (
      await ada.launched.operate<{ data: Record<string, unknown>[] }>('GET', '/audit?action=application.revoked')
    ).data
    assert.deepEqual([entry?.actor_kind, entry?.target_id, entry?.user_id], ['session', documentId, ada.ada])
  })

  await t.test('where none is left, the page says what would stand there', async () => {
    await press(page.getByRole('button', { name: 'Revoke the access of Shop' }))
    await press(page.getByRole('button', { name: 'Revoke access' }))
    await page.getByText('No connected applications').waitFor()
    assert.equal(await ada.statusOf(shop.access_token), 401)
    await assertInOrder(page, 'applications, none')
  })
  await context.close()
})
