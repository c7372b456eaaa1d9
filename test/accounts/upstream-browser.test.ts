// Signing in by another Latchkey in a real browser (OpenID Connect Core §3.1): found by the address, linked, unlinked, and what people are
// told who come to nothing.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Page } from 'playwright-core'
import { assertInOrder } from '../browser.ts'
import { enter, press } from '../dashboard/hands.ts'
import { dashboardScene, freePort } from '../dashboard/scene.ts'
import { serve } from '../gateway/wire.ts'
import { type Launched, launch, world } from '../harness.ts'
import { lettersTo } from '../mail/letters.ts'
import { addPerson, password } from '../visitor.ts'

const label = 'Company account'

/** That the person reads the mail of their address has been shown. */
const verify = ({ app }: Launched, email: string): Promise<unknown> =>
  app.store.transaction((trx) =>
    trx.updateTable('users').set({ email_verified_at: Date.now() }).where('email', '=', email).execute(),
  )

/** A Latchkey that knows people, on another host: cookies are shared by all ports of one. */
const otherLatchkey = async (t: TestContext) => {
  const port = await freePort()
  const launched = await launch(t, { file: {}, env: { LATCHKEY_URL: `http://127.0.0.1:${port}` } })
  await serve(t, launched, port)
  const { client } = await world(launched)
  return { launched, issuer: launched.config.issuer, client }
}

const signInThere = async (page: Page, issuer: string, email: string): Promise<void> => {
  await page.waitForURL((url) => url.origin === issuer && url.pathname === '/login')
  await enter(page.getByLabel('E-mail'), email)
  await enter(page.getByLabel('Password'), password)
  await page.keyboard.press('Enter')
}

test('people come in by another Latchkey, link it and unlink it, and are told why where they cannot', async (t) => {
  const elsewhere = await otherLatchkey(t)
  const port = await freePort()
  const client = await elsewhere.client({
    name: 'Latchkey of the workshop',
    grants: ['authorization_code'],
    redirect_uris: [`http://localhost:${port}/login/upstream/company/callback`],
  })
  const scene = await dashboardScene(t, {
    port,
    env: { COMPANY_SECRET: client.client_secret },
    file: {
      signIn: {
        upstream: [
          {
            name: 'company',
            label,
            issuer: elsewhere.issuer,
            clientId: client.client_id,
            clientSecretVariable: 'COMPANY_SECRET',
          },
        ],
      },
    },
  })
  if (!scene) return
  const { launched, origin } = scene
  for (const name of ['ada', 'eve', 'grace', 'mallory'])
    await addPerson(elsewhere.launched, { email: `${name}@example.com`, name })
  for (const name of ['ada', 'eve', 'grace']) await verify(elsewhere.launched, `${name}@example.com`)
  const ada = await scene.person()
  await verify(launched, ada.email)
  await scene.organization(ada)
  await scene.person({ email: 'grace@example.com', name: 'Grace Hopper' })

  const fresh = async (): Promise<Page> => (await scene.browser.newContext()).newPage()
  const goThere = async (page: Page, email: string): Promise<void> => {
    await page.goto(`${origin}/login`)
    await press(page.getByRole('link', { name: `Sign in with ${label}` }))
    await signInThere(page, elsewhere.issuer, email)
  }
  const back = { name: 'You are not signed in' }

  await t.test('somebody whose address both know lands on their organizations, and is told by mail', async () => {
    const page = await fresh()
    await page.goto(`${origin}/login`)
    await assertInOrder(page, 'sign in, with another issuer')
    await goThere(page, ada.email)
    await press(page.getByRole('button', { name: 'Allow' }))
    await page.waitForURL(`${origin}/organizations`)
    await page.getByRole('link', { name: 'Analytical Engines' }).waitFor()
    assert.match((await lettersTo(launched, ada.email))[0]?.subject ?? '', /Company account signs you in/)

    await page.goto(`${origin}/account/security`)
    await page.getByRole('heading', { name: 'Accounts elsewhere' }).waitFor()
    await page
      .getByRole('row', { name: /This browser/ })
      .getByText('Account elsewhere')
      .waitFor()
    await assertInOrder(page, 'security, with an account elsewhere')
    await press(page.getByRole('button', { name: `Unlink ${label}` }))
    await press(page.getByRole('dialog').getByRole('button', { name: 'Unlink account' }))
    await page.getByRole('button', { name: `Unlink ${label}` }).waitFor({ state: 'detached' })

    // who it is there is asked for anew, though the browser is signed in there
    await press(page.getByRole('button', { name: `Link ${label}` }))
    await signInThere(page, elsewhere.issuer, 'eve@example.com')
    await press(page.getByRole('button', { name: 'Allow' }))
    await page.waitForURL(`${origin}/account/security`)
    await page.getByText('eve@example.com').waitFor()
    await page.context().close()
    // from now on Eve there is Ada here
    const other = await fresh()
    await other.goto(`${origin}/login?return_to=%2Faccount`)
    await press(other.getByRole('link', { name: `Sign in with ${label}` }))
    await signInThere(other, elsewhere.issuer, 'eve@example.com')
    await other.waitForURL(`${origin}/account`)
    await other.getByRole('button', { name: 'Account of Ada Lovelace' }).waitFor()
    await other.goto(`${origin}/account/security`)
    await press(other.getByRole('button', { name: `Unlink ${label}` }))
    await press(other.getByRole('dialog').getByRole('button', { name: 'Unlink account' }))
    await other.getByRole('button', { name: `Unlink ${label}` }).waitFor({ state: 'detached' })
    await other.context().close()
  })

  await t.test('who denies at the issuer is back, and may try again', async () => {
    const page = await fresh()
    await goThere(page, 'grace@example.com')
    await press(page.getByRole('button', { name: 'Deny' }))
    await page.getByRole('alert').getByText('Company account has not let you in.').waitFor()
    assert.equal(new URL(page.url()).origin, origin)
    await assertInOrder(page, 'denied at the issuer')
    await press(page.getByRole('link', { name: 'Try again' }))
    // an address that somebody has here, who has not shown that it is theirs, is nobody’s way in
    await press(page.getByRole('button', { name: 'Allow' }))
    await page.getByRole('heading', back).waitFor()
    await page.getByText('Show first that it is yours').waitFor()
    await assertInOrder(page, 'an address that is taken')
    await press(page.getByRole('link', { name: 'Sign in and link it' }))
    assert.equal(await page.getByLabel('E-mail').inputValue(), 'grace@example.com')
    await enter(page.getByLabel('Password'), password)
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: `Link ${label}` }).waitFor()
    await page.context().close()
  })

  await t.test('who is unknown here is told so, until there is an invitation', async () => {
    const page = await fresh()
    await goThere(page, 'eve@example.com') // who has allowed it before, and is not asked again
    await page.getByRole('heading', back).waitFor()
    await page.getByText('Accounts are made by invitation').waitFor()
    await assertInOrder(page, 'unknown here')
    await launched.operate('POST', '/invitations', { email: 'eve@example.com' })
    await page.goto(`${origin}/login`)
    await press(page.getByRole('link', { name: `Sign in with ${label}` }))
    await page.waitForURL(`${origin}/organizations`)
    await page.getByText('You belong to no organization yet').waitFor()
    await page.context().close()
  })

  await t.test('whom the issuer does not vouch for comes to nothing', async () => {
    const page = await fresh()
    await goThere(page, 'mallory@example.com')
    await press(page.getByRole('button', { name: 'Allow' }))
    await page.getByText('does not say that an e-mail address is yours').waitFor()
    await assertInOrder(page, 'nobody vouches')
    await page.context().close()
  })
  assert.deepEqual(
    (await launched.operate<{ data: { email: string }[] }>('GET', '/users')).data.map(({ email }) => email).toSorted(),
    ['ada@example.com', 'eve@example.com', 'grace@example.com'],
  )
})
