// Settings → Members: an invitation from the page to the mailbox and in, a role changed, a member removed.
import { test } from 'node:test'
import { assertInOrder } from '../browser.ts'
import { lettersTo, linkIn } from '../mail/letters.ts'
import { password } from '../visitor.ts'
import { dashboardScene } from './scene.ts'

test('somebody is invited, joins from the mail, gets another role, and is removed', async (t) => {
  const scene = await dashboardScene(t, { file: {}, atIssuer: true })
  if (!scene) return
  const { launched, browser } = scene
  const ada = await scene.person()
  const organization = await scene.organization(ada)
  const page = await scene.page(ada, `/organizations/${organization}/settings/members`)
  await page.getByRole('button', { name: 'Invite member' }).click()
  await page.getByLabel('E-mail').fill('grace@example.com')
  await page.getByRole('button', { name: 'Send invitation' }).click()
  await page.getByRole('heading', { name: 'grace@example.com is invited' }).waitFor()
  await assertInOrder(page, 'invited')
  await page.keyboard.press('Escape')

  const link = linkIn(await lettersTo(launched, 'grace@example.com'), launched.config.issuer)
  const guest = await (await browser.newContext()).newPage()
  await guest.goto(launched.config.issuer + link)
  await assertInOrder(guest, 'an invitation')
  await guest.getByLabel('Your name').fill('Grace Hopper')
  await guest.getByLabel('Password').fill(password)
  await guest.getByRole('button', { name: 'Create account and join' }).click()
  await guest.waitForURL(`**/organizations/${organization}`)

  await page.reload()
  await page.getByText('Grace Hopper').waitFor()
  await page.getByRole('button', { name: 'Change role of Grace Hopper' }).click()
  await page.getByLabel('Role', { exact: true }).selectOption('viewer')
  await page.getByRole('dialog').getByRole('button', { name: 'Change role' }).click()
  await page.getByRole('cell', { name: 'viewer' }).waitFor()
  await assertInOrder(page, 'members')
  await page.getByRole('button', { name: 'Remove Grace Hopper' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Remove member' }).click()
  await page.getByText('Grace Hopper is no member any more.').first().waitFor()
})
