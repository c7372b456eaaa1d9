// Account → Security in a real browser: second factors from being set up to signing in with them, passkeys, proving oneself anew, sessions.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { assertInOrder } from '../browser.ts'
import { shown } from '../accounts/second-factor-scene.ts'
import { password } from '../visitor.ts'
import { virtualAuthenticator } from './authenticator.ts'
import { enter, onEveryScreen, press, tabTo } from './hands.ts'
import { type Person, type Scene, dashboardScene } from './scene.ts'

const path = '/account/security'

/** A page in a browser that has not been here, at /login. */
const newBrowser = async ({ browser, origin }: Scene, to = path): Promise<Page> => {
  const page = await (await browser.newContext({ viewport: { width: 390, height: 844 } })).newPage()
  await page.goto(`${origin}/login?return_to=${encodeURIComponent(to)}`)
  return page
}

const givePassword = async (page: Page, email: string, given = password): Promise<void> => {
  await enter(page.getByLabel('E-mail'), email)
  await enter(page.getByLabel('Password'), given)
  await press(page.getByRole('button', { name: 'Sign in', exact: true }))
}

/** What the app shows in so many half minutes. */
const codeIn = (secret: string, steps: number): string => shown(secret, Date.now() + steps * 30_000)

/** As if the person had last proven who they are an hour ago. */
const age = async ({ launched }: Scene, { id }: Person): Promise<void> => {
  await launched.app.store.db
    .updateTable('sessions')
    .set({ authenticated_at: Date.now() - 3_600_000 })
    .where('user_id', '=', id)
    .execute()
}

test('one’s own account in a browser', async (t) => {
  const scene = await dashboardScene(t, { atIssuer: true })
  if (!scene) return

  await t.test(
    'an authenticator app, from its QR code to signing in with it and with a recovery code, by keyboard alone',
    async () => {
      const ada = await scene.person({ email: 'ada1@example.com' })
      const page = await scene.page(ada, path, { permissions: ['clipboard-read', 'clipboard-write'] })
      await page.getByText('Password alone').waitFor()
      await press(page.getByRole('button', { name: 'Set up authenticator app' }))
      const dialog = page.getByRole('dialog')
      await dialog.getByRole('img', { name: /QR code/ }).waitFor()
      await assertInOrder(page, 'set up an app')
      await press(dialog.getByRole('button', { name: 'Copy key' }))
      const secret = await page
        .waitForFunction<string>('navigator.clipboard.readText()')
        .then((handle) => handle.jsonValue())
      assert.equal((await dialog.locator('code').textContent())?.replaceAll(' ', ''), secret)
      await tabTo(dialog.getByLabel('Code that the app shows'))
      await page.keyboard.type('000000')
      await page.keyboard.press('Enter')
      await dialog
        .getByRole('alert')
        .getByText(/not the code/)
        .waitFor()
      await tabTo(dialog.getByLabel('Code that the app shows'))
      await page.keyboard.press('ControlOrMeta+A')
      await page.keyboard.type(codeIn(secret, -1))
      await page.keyboard.press('Enter')
      await dialog.getByRole('heading', { name: 'Keep your recovery codes' }).waitFor()
      await assertInOrder(page, 'recovery codes')
      const codes = ((await dialog.getByRole('group', { name: 'recovery codes' }).textContent()) ?? '').split('\n')
      assert.equal(codes.length, 10)
      await press(dialog.getByRole('button', { name: 'Done' }))
      await dialog.getByText('You have not copied the codes.').waitFor()
      await press(dialog.getByRole('button', { name: 'Copy recovery codes' }))
      await press(dialog.getByRole('button', { name: 'Done' }))
      await dialog.waitFor({ state: 'detached' })
      await page.getByText('Two factors').waitFor()
      await page.getByText('10 codes are left.').waitFor()

      const other = await newBrowser(scene)
      await assertInOrder(other, 'sign in')
      await givePassword(other, ada.email)
      await other.getByRole('heading', { name: 'One more step' }).waitFor()
      await assertInOrder(other, 'second step')
      await other.keyboard.type('123456')
      await other.keyboard.press('Enter')
      await other.getByRole('alert').getByText('4 tries are left').waitFor()
      await other.keyboard.type(codeIn(secret, 0))
      await other.keyboard.press('Enter')
      await other.getByRole('heading', { level: 1, name: 'Security' }).waitFor()
      await other
        .getByRole('row', { name: /This browser/ })
        .getByText('Password and authenticator app')
        .waitFor()

      const third = await newBrowser(scene)
      await givePassword(third, ada.email)
      await press(third.getByRole('link', { name: 'Use a recovery code' }))
      await third.getByLabel('Recovery code').waitFor()
      await assertInOrder(third, 'recovery code')
      await third.keyboard.type(codes[3]?.toUpperCase() ?? '')
      await third.keyboard.press('Enter')
      await third.getByText('9 codes are left.').waitFor()

      await press(page.getByRole('button', { name: 'Make new codes' }))
      await press(dialog.getByRole('button', { name: 'Make new codes' }))
      await dialog.getByRole('heading', { name: 'Keep your recovery codes' }).waitFor()
      assert.equal(
        (await dialog.getByRole('group', { name: 'recovery codes' }).textContent())?.includes(codes[0] ?? ''),
        false,
      )
      await press(dialog.getByRole('button', { name: 'Copy recovery codes' }))
      await press(dialog.getByRole('button', { name: 'Done' }))
      await page.getByText('10 codes are left.').waitFor()
      await press(page.getByRole('button', { name: 'Remove authenticator app' }))
      await press(dialog.getByRole('button', { name: 'Remove authenticator app' }))
      await dialog.waitFor({ state: 'detached' })
      await page.getByText('Password alone').waitFor()
    },
  )

  await t.test(
    'a passkey, from being added to signing in with it alone, as a second factor, and being removed',
    async () => {
      const ada = await scene.person({ email: 'ada2@example.com' })
      const page = await scene.page(ada, path)
      const authenticator = await virtualAuthenticator(page)
      await page.getByText('No passkeys yet').waitFor()
      await press(page.getByRole('button', { name: 'Add passkey' }))
      const dialog = page.getByRole('dialog')
      assert.match(await dialog.getByLabel('Name').inputValue(), /^Chrome on /)
      await assertInOrder(page, 'add a passkey')
      await authenticator.verifies(false)
      await press(dialog.getByRole('button', { name: 'Add passkey' }))
      await dialog.getByRole('alert').waitFor()
      await authenticator.verifies(true)
      await press(dialog.getByRole('button', { name: 'Add passkey' }))
      await dialog.getByRole('heading', { name: 'Keep your recovery codes' }).waitFor()
      assert.equal(await authenticator.count(), 1)
      const code =
        ((await dialog.getByRole('group', { name: 'recovery codes' }).textContent()) ?? '').split('\n')[0] ?? ''
      await press(dialog.getByRole('button', { name: 'Copy recovery codes' }))
      await page.keyboard.press('Escape')
      await page.keyboard.press('Escape')
      await dialog.waitFor({ state: 'detached' })
      const row = page.getByRole('row', { name: /Chrome on/ })
      await press(row.getByRole('button', { name: /Rename/ }))
      await enter(dialog.getByLabel('Name'), 'Laptop')
      await page.keyboard.press('Enter')
      await page.getByRole('cell', { name: 'Laptop', exact: true }).waitFor()
      await page.getByText('Two factors').waitFor()

      // the same browser, signed out: the passkey alone
      await page.context().clearCookies()
      await page.goto(`${scene.origin}/login?return_to=${encodeURIComponent(path)}`)
      await assertInOrder(page, 'sign in with a passkey')
      await press(page.getByRole('button', { name: 'Use a passkey' }))
      await page
        .getByRole('row', { name: /This browser/ })
        .getByText('Passkey')
        .waitFor()

      // with the password first
      await page.context().clearCookies()
      await page.goto(`${scene.origin}/login?return_to=${encodeURIComponent(path)}`)
      await givePassword(page, ada.email)
      await page.getByRole('heading', { name: 'One more step' }).waitFor()
      await assertInOrder(page, 'second step with a passkey')
      await authenticator.verifies(false)
      await press(page.getByRole('button', { name: 'Use a passkey' }))
      await page.getByText('No passkey was used.').waitFor()
      await authenticator.verifies(true)
      await press(page.getByRole('button', { name: 'Use a passkey' }))
      await page
        .getByRole('row', { name: /This browser/ })
        .getByText('Password and passkey')
        .waitFor()

      // where there is no authenticator, and no script either, there is the recovery code
      const bare = await (await scene.browser.newContext({ javaScriptEnabled: false })).newPage()
      await bare.goto(`${scene.origin}/login`)
      assert.equal(await bare.getByRole('button', { name: 'Use a passkey' }).isVisible(), false)
      await givePassword(bare, ada.email)
      await bare.getByText('Passkeys need JavaScript').waitFor()
      await press(bare.getByRole('link', { name: 'Use a recovery code' }))
      await enter(bare.getByLabel('Recovery code'), code)
      await press(bare.getByRole('button', { name: 'Continue' }))
      await bare.waitForURL(`${scene.origin}/organizations`)

      // proven again by the passkey itself, it is removed
      await age(scene, ada)
      await press(page.getByRole('button', { name: 'Remove Laptop' }))
      await press(dialog.getByRole('button', { name: 'Remove passkey' }))
      const proof = page.getByRole('dialog', { name: 'Confirm that it is you' })
      await press(proof.getByRole('button', { name: 'Use a passkey' }))
      await page.getByText('No passkeys yet').waitFor()
      await page.getByText('Password alone').waitFor()
      const plain = await newBrowser(scene)
      await givePassword(plain, ada.email)
      await plain.getByRole('heading', { level: 1, name: 'Security' }).waitFor()
    },
  )

  await t.test(
    'a step that is guarded asks for a proof, goes on where it was, and is not asked for again',
    async () => {
      const ada = await scene.person({ email: 'ada3@example.com' })
      const page = await scene.page(ada, path)
      await page.getByText('Password alone').waitFor()
      await age(scene, ada)
      await press(page.getByRole('button', { name: 'Set up authenticator app' }))
      const proof = page.getByRole('dialog', { name: 'Confirm that it is you' })
      await proof.getByLabel('Password').waitFor()
      await assertInOrder(page, 'prove again')
      await page.keyboard.type('not her password')
      await page.keyboard.press('Enter')
      await proof.getByRole('alert').getByText('That is not right').waitFor()
      await tabTo(proof.getByLabel('Password'))
      await page.keyboard.press('ControlOrMeta+A')
      await page.keyboard.type(password)
      const before = (await page.context().cookies()).find(({ name }) => name === 'latchkey_session')?.value
      await page.keyboard.press('Enter')
      await proof.waitFor({ state: 'detached' })
      await page.getByRole('img', { name: /QR code/ }).waitFor()
      const after = (await page.context().cookies()).find(({ name }) => name === 'latchkey_session')?.value
      assert.notEqual(after, before, 'the session has another value')
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ state: 'detached' })
      await press(page.getByRole('button', { name: 'Set up authenticator app' }))
      await page.getByRole('img', { name: /QR code/ }).waitFor()
      // who would rather not is told why it did not go on
      await page.keyboard.press('Escape')
      await age(scene, ada)
      await press(page.getByRole('button', { name: 'Set up authenticator app' }))
      await proof.getByLabel('Password').waitFor()
      await page.keyboard.press('Escape')
      await page
        .getByRole('alert')
        .getByText(/proven who you are/)
        .waitFor()
    },
  )

  await t.test('another browser is signed out from here, and is out at its next request', async () => {
    const ada = await scene.person({ email: 'ada4@example.com' })
    const page = await scene.page(ada, path)
    const [phone, tablet] = [await newBrowser(scene), await newBrowser(scene)]
    for (const other of [phone, tablet]) {
      await givePassword(other, ada.email)
      await other.getByRole('heading', { level: 1, name: 'Security' }).waitFor()
    }
    await page.reload()
    await page.getByRole('row', { name: /This browser/ }).waitFor()
    assert.equal(await page.getByRole('button', { name: /^Sign out Chrome/ }).count(), 2)
    await press(page.getByRole('button', { name: /^Sign out Chrome/ }).first())
    await page
      .getByText(/is signed out\./)
      .first()
      .waitFor()
    await tablet.reload()
    await tablet.waitForURL(/\/login\?return_to=/)
    assert.equal((await phone.reload())?.url().includes('/login'), false, 'the other one is in still')
    await press(page.getByRole('button', { name: 'Sign out all others' }))
    await press(page.getByRole('dialog').getByRole('button', { name: 'Sign out all others' }))
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await phone.reload()
    await phone.getByLabel('Password').waitFor()
    await page.reload()
    await page.getByRole('heading', { level: 1, name: 'Security' }).waitFor()
  })

  await t.test('the password is changed with the present one, and all other browsers are out', async () => {
    const ada = await scene.person({ email: 'ada5@example.com' })
    const page = await scene.page(ada, path)
    const other = await scene.page(ada, path)
    await press(page.getByRole('button', { name: 'Change password' }))
    const dialog = page.getByRole('dialog')
    const save = async (present: string, wanted: string): Promise<void> => {
      await enter(dialog.getByLabel('Present password'), present)
      await enter(dialog.getByLabel('New password'), wanted)
      await press(dialog.getByRole('button', { name: 'Save password' }))
    }
    await save('not her password', 'weaving algebraic flowers')
    await dialog.getByRole('alert').getByText('not your present password').waitFor()
    await save(password, 'qwertyqwerty')
    await dialog.getByRole('alert').getByText('Many people use this password').waitFor()
    await assertInOrder(page, 'change password')
    await save(password, 'weaving algebraic flowers')
    await dialog.waitFor({ state: 'detached' })
    await other.reload()
    await other.getByLabel('Password').waitFor()
    const again = await newBrowser(scene)
    await givePassword(again, ada.email, 'weaving algebraic flowers')
    await again.getByRole('heading', { level: 1, name: 'Security' }).waitFor()
  })

  await t.test(
    'the address is confirmed, and changed, by its mail; until then it is seen what waits, and may be left',
    async () => {
      const ada = await scene.person({ email: 'ada6@example.com' })
      const page = await scene.page(ada, '/account')
      const openLetter = async (): Promise<void> => {
        await page.goto(`${scene.origin}/dev/mailbox`)
        await press(page.getByRole('listitem').filter({ hasText: 'Confirm your address' }).getByRole('link').first())
      }
      await press(page.getByRole('button', { name: 'Confirm address' }))
      await page.getByText('Waiting for you to confirm this address').waitFor()
      await openLetter()
      await page.getByRole('heading', { name: 'Confirm your address' }).waitFor()
      await assertInOrder(page, 'confirm your address')
      await press(page.getByRole('button', { name: 'Confirm' }))
      await page.getByRole('heading', { name: 'Your address is confirmed' }).waitFor()
      await assertInOrder(page, 'address is confirmed')
      await press(page.getByRole('link', { name: 'Go on' }))
      await page.getByText('Confirmed', { exact: true }).waitFor()
      assert.equal(await page.getByRole('button', { name: 'Confirm address' }).count(), 0)

      const change = async (to: string): Promise<void> => {
        await press(page.getByRole('button', { name: 'Change address' }))
        await tabTo(page.getByLabel('New e-mail address'))
        await page.keyboard.type(to)
        await page.keyboard.press('Enter')
      }
      await change(ada.email)
      const dialog = page.getByRole('dialog')
      await dialog.getByRole('alert').getByText('it is confirmed').waitFor()
      await assertInOrder(page, 'change address')
      await page.keyboard.press('Escape')
      await dialog.waitFor({ state: 'detached' })
      await change('countess@example.com')
      await page.getByText('Waiting for you to confirm the new address').waitFor()
      await page.reload()
      await page.getByText('countess@example.com').waitFor()
      await assertInOrder(page, 'profile, an address waits')
      await press(page.getByRole('button', { name: 'Keep the present address' }))
      await page.getByText('Waiting for you').waitFor({ state: 'detached' })
      await openLetter()
      await page.getByRole('heading', { name: 'This link does not work' }).waitFor()
      await assertInOrder(page, 'an address link that is over')
      await press(page.getByRole('link', { name: 'Ask for another' }))
      await change('countess@example.com')
      await page.getByText('Waiting for you').waitFor()
      await openLetter()
      await press(page.getByRole('button', { name: 'Change address' }))
      await press(page.getByRole('link', { name: 'Go on' }))
      await page.getByText('countess@example.com').waitFor()
      const other = await newBrowser(scene, '/account')
      await givePassword(other, 'countess@example.com')
      await other.getByRole('heading', { level: 1, name: 'Profile' }).waitFor()
    },
  )

  await t.test(
    'a person renames and deletes themselves, unless an organization would be left without an owner',
    async () => {
      const ada = await scene.person({ email: 'ada7@example.com' })
      const organization = await scene.organization(ada)
      const page = await scene.page(ada, '/account')
      await enter(page.getByLabel('Name'), 'Countess of Lovelace')
      await press(page.getByRole('button', { name: 'Save name' }))
      await page.getByRole('button', { name: 'Account of Countess of Lovelace' }).waitFor()
      await press(page.getByRole('button', { name: 'Delete account' }))
      const dialog = page.getByRole('dialog')
      await enter(dialog.getByLabel(/to confirm/), ada.email)
      await assertInOrder(page, 'delete account')
      await press(dialog.getByRole('button', { name: 'Delete account' }))
      await dialog.getByRole('alert').getByText('You are the last owner of').waitFor()
      await scene.launched.operate('DELETE', `/organizations/${organization}`)
      await press(dialog.getByRole('button', { name: 'Delete account' }))
      await page.waitForURL(`${scene.origin}/login`)
      await givePassword(page, ada.email)
      await page.getByRole('alert').getByText('E-mail or password is wrong').waitFor()
    },
  )

  await t.test('the pages are in order on every screen, by day and by night', async () => {
    const ada = await scene.person({ email: 'ada8@example.com' })
    await onEveryScreen(scene, ada, async (page, look) => {
      await page.goto(`${scene.origin}/account`)
      await page.getByLabel('Name').waitFor()
      await look('profile')
      await page.goto(scene.origin + path)
      await page.getByRole('row', { name: /This browser/ }).waitFor()
      await page.getByText('No passkeys yet').waitFor()
      await look('security')
    })
  })
})
