// Settings → Members: an invitation from the page to the mailbox and in, a role changed, a member removed.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertInOrder } from '../browser.ts'
import { lettersTo, linkIn } from '../mail/letters.ts'
import { password } from '../visitor.ts'
import { enter, pick, press } from './hands.ts'
import { dashboardScene } from './scene.ts'

test('somebody is invited, joins from the mail, gets another role, and is removed', async (t) => {
  const scene = await dashboardScene(t, { file: {}, atIssuer: true })
  if (!scene) return
  const { launched, browser } = scene
  const ada = await scene.person()
  const organization = await scene.organization(ada)
  const page = await scene.page(ada, `/organizations/${organization}/settings/members`)
  await press(page.getByRole('button', { name: 'Invite member' }))
  await enter(page.getByLabel('E-mail'), 'grace@example.com')
  await press(page.getByRole('button', { name: 'Send invitation' }))
  await page.getByRole('heading', { name: 'grace@example.com is invited' }).waitFor()
  await assertInOrder(page, 'invited')
  await page.keyboard.press('Escape')

  const link = linkIn(await lettersTo(launched, 'grace@example.com'), launched.config.issuer)
  const guest = await (await browser.newContext()).newPage()
  await guest.goto(launched.config.issuer + link)
  await assertInOrder(guest, 'an invitation')
  await enter(guest.getByLabel('Your name'), 'Grace Hopper')
  await enter(guest.getByLabel('Password'), password)
  await press(guest.getByRole('button', { name: 'Create account and join' }))
  await guest.waitForURL(`**/organizations/${organization}`)

  await page.reload()
  await page.getByText('Grace Hopper').waitFor()
  await press(page.getByRole('button', { name: 'Change role of Grace Hopper' }))
  await pick(page.getByLabel('Role', { exact: true }), 'viewer')
  await press(page.getByRole('dialog').getByRole('button', { name: 'Change role' }))
  await page.getByRole('cell', { name: 'viewer' }).waitFor()
  await assertInOrder(page, 'members')
  await press(page.getByRole('button', { name: 'Remove Grace Hopper' }))
  await press(page.getByRole('dialog').getByRole('button', { name: 'Remove member' }))
  await page.getByText('Grace Hopper is no member any more.').first().waitFor()

  const closeLink = async (): Promise<void> => {
    const dialog = page.getByRole('dialog', { name: 'mary@example.com is invited' })
    await press(dialog.getByRole('button', { name: 'Done' }))
    await dialog.waitFor({ state: 'detached' })
  }

  // one that waits is sent again, which ends its former link, and withdrawn, which ends the last
  await press(page.getByRole('button', { name: 'Invite member' }))
  await enter(page.getByLabel('E-mail'), 'mary@example.com')
  await pick(page.getByLabel('Role', { exact: true }), 'admin')
  await press(page.getByRole('button', { name: 'Send invitation' }))
  await closeLink()
  await page.getByRole('row', { name: /mary@example\.com admin pending/ }).waitFor()
  const sent = async (count: number): Promise<string> => {
    const letters = await lettersTo(launched, 'mary@example.com')
    assert.equal(letters.length, count)
    return launched.config.issuer + linkIn(letters, launched.config.issuer)
  }
  const first = await sent(1)
  await press(page.getByRole('button', { name: 'Send again to mary@example.com' }))
  await closeLink()
  const second = await sent(2)
  const isOver = async (url: string): Promise<boolean> => {
    await guest.goto(url)
    return (await guest.getByRole('heading', { level: 1 }).textContent()) === 'This invitation does not work'
  }
  assert.deepEqual([await isOver(first), await isOver(second)], [true, false])
  await press(page.getByRole('button', { name: 'Withdraw invitation of mary@example.com' }))
  await press(page.getByRole('dialog').getByRole('button', { name: 'Withdraw invitation' }))
  await page.getByText('Invitation withdrawn.').first().waitFor()
  await page.getByText('Whoever is invited stands here').waitFor()
  assert.equal(await isOver(second), true)
})
