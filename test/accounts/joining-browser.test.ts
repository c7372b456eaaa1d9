// Making an account, getting back into it and joining an organization in a real browser: from the page over the mailbox and in, by keyboard
// alone, and what people are told on the way.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { assertInOrder } from '../browser.ts'
import { press, tabTo } from '../dashboard/hands.ts'
import { dashboardScene } from '../dashboard/scene.ts'
import { password } from '../visitor.ts'

const link = (page: Page, name: string) => page.getByRole('link', { name })
const heading = (page: Page, name: string): Promise<void> => page.getByRole('heading', { level: 1, name }).waitFor()

/** Types into fields by their labels, in turn, and sends the form. */
const fillIn = async (page: Page, fields: Record<string, string>): Promise<void> => {
  for (const [label, value] of Object.entries(fields)) {
    await tabTo(page.getByLabel(label))
    await page.keyboard.press('ControlOrMeta+A')
    await page.keyboard.type(value)
  }
  await page.keyboard.press('Enter')
}

test('people sign up, forget their password, and join by invitation', async (t) => {
  const scene = await dashboardScene(t, { file: { signIn: { signUp: 'open' } }, atIssuer: true })
  if (!scene) return
  const { launched, origin } = scene
  const fresh = async (): Promise<Page> => (await scene.browser.newContext()).newPage()
  /** Opens the newest message’s link. */
  const openLetter = async (page: Page): Promise<void> => {
    await page.goto(`${origin}/dev/mailbox`)
    await press(page.getByRole('listitem').first().getByRole('link'))
  }

  await t.test('an account is made from the sign-in on', async () => {
    const page = await fresh()
    await page.goto(`${origin}/login`)
    await press(link(page, 'Create one'))
    await assertInOrder(page, 'sign up')
    await fillIn(page, { 'E-mail': 'mary@example.com' })
    await heading(page, 'Look into your mailbox')
    await assertInOrder(page, 'sign up, asked')
    await press(link(page, 'mailbox'))
    await heading(page, 'Mailbox')
    await assertInOrder(page, 'mailbox')
    await openLetter(page)
    await heading(page, 'Create your account')
    const address = page.url()
    await assertInOrder(page, 'create your account')
    await fillIn(page, { 'Your name': 'Mary Somerville', Password: 'qwertyqwerty' })
    await page.getByText('Many people use this password').waitFor()
    assert.equal(await page.getByLabel('Your name').inputValue(), 'Mary Somerville')
    await assertInOrder(page, 'create your account, a mistake')
    await fillIn(page, { Password: password })
    await page.waitForURL(`${origin}/organizations`)
    await page.getByRole('button', { name: 'Account of Mary Somerville' }).waitFor()
    await page.goto(address)
    await heading(page, 'You have an account')
    await assertInOrder(page, 'you have an account')
    await page.goto(`${origin}/signup?token=none`)
    await heading(page, 'This link does not work')
    await assertInOrder(page, 'a sign-up link that is over')
    await page.context().close()
  })

  await t.test('a forgotten password is replaced, once', async () => {
    const page = await fresh()
    await page.goto(`${origin}/login`)
    await press(link(page, 'Forgotten your password?'))
    await heading(page, 'Choose a new password')
    await assertInOrder(page, 'reset')
    await fillIn(page, { 'E-mail': 'mary@example.com' })
    await heading(page, 'Look into your mailbox')
    await openLetter(page)
    await heading(page, 'Choose a new password')
    const address = page.url()
    await assertInOrder(page, 'a new password')
    await fillIn(page, { 'New password': 'qwertyqwerty' })
    await page.getByText('Many people use this password').waitFor()
    await fillIn(page, { 'New password': 'weaving algebraic flowers' })
    await heading(page, 'Your password is set')
    await assertInOrder(page, 'password is set')
    await press(link(page, 'Sign in'))
    assert.equal(await page.getByLabel('E-mail').inputValue(), 'mary@example.com')
    await fillIn(page, { Password: 'weaving algebraic flowers' })
    await page.waitForURL(`${origin}/organizations`)
    await page.goto(address)
    await heading(page, 'This link does not work')
    await assertInOrder(page, 'a reset link that was used')
    await page.context().close()
  })

  await t.test('who is invited makes an account, and comes with one from then on', async () => {
    const ada = await scene.person()
    const [engines, looms] = [await scene.organization(ada), await scene.organization(ada, 'Looms')]
    const invite = (organization: string) =>
      launched.operate('POST', `/organizations/${organization}/invitations`, {
        email: 'grace@example.com',
        role: 'admin',
      })
    await invite(engines)
    // opened in a browser where somebody else is signed in
    const page = await scene.page(ada)
    await openLetter(page)
    await page.getByText('only the invited address can accept it').waitFor()
    await assertInOrder(page, 'an invitation for another')
    await press(page.getByRole('button', { name: 'Sign out and use the other account' }))
    await heading(page, 'Join Analytical Engines')
    await assertInOrder(page, 'an invitation, no account yet')
    await fillIn(page, { 'Your name': 'Grace Hopper', Password: password })
    await page.waitForURL(`${origin}/organizations/${engines}`)
    await heading(page, 'Analytical Engines')

    await invite(looms)
    const later = await fresh()
    await openLetter(later)
    await heading(later, 'Join Looms')
    const address = later.url()
    await assertInOrder(later, 'an invitation, not signed in')
    await press(link(later, 'Sign in'))
    await fillIn(later, { Password: password })
    await heading(later, 'Join Looms')
    await assertInOrder(later, 'an invitation')
    await press(later.getByRole('button', { name: 'Join' }))
    await later.waitForURL(`${origin}/organizations/${looms}`)
    await heading(later, 'Looms')
    await later.goto(address)
    await heading(later, 'This invitation does not work')
    await assertInOrder(later, 'an invitation that was accepted')
  })
})
