// Account → API tokens, as the document of smoxy tells it: create, copy, use, revoke; and from a legacy token to one of these.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seeds } from '../harness.ts'
import { enter, onEveryScreen, pick, press, tabTo, tick } from './hands.ts'
import { dashboardScene } from './scene.ts'

const day = 86_400_000
const host = 'api.smoxy.localhost'

test('API tokens in a browser', async (t) => {
  const scene = await dashboardScene(t, { file: seeds })
  if (!scene) return
  const { launched, origin } = scene
  const ada = await scene.person()
  const acme = await scene.organization(ada, 'Acme Zones')
  for (let i = 0; i < 30; i++) await scene.organization(ada, `Client ${String(i).padStart(2, '0')}`)
  const zones = async (token: string, path = '/api/zones') =>
    launched.ask('GET', path, { host, headers: { 'x-api-token': token } })
  const reach = async (token: string): Promise<string[]> =>
    (await launched.ask('GET', '/api/v1/users/me', { as: token })).json<{ organization_ids: string[] }>()
      .organization_ids
  const clipboard = { permissions: ['clipboard-read', 'clipboard-write'] }

  await t.test('made for specific organizations, copied, used and revoked, by keyboard alone', async () => {
    const page = await scene.page(ada, '/account', clipboard)
    await press(page.getByRole('link', { name: 'API tokens' }))
    await page.getByRole('heading', { level: 1, name: 'API tokens' }).waitFor()
    assert.match(await page.title(), /^API tokens/)
    await page.getByText('No API tokens yet').waitFor()
    await press(page.getByRole('button', { name: 'Create API token' }).first())
    const form = page.getByRole('dialog', { name: 'Create API token' })
    await tabTo(form.getByRole('textbox', { name: 'Name' }))
    await page.keyboard.type('CI/CD pipeline')
    await tabTo(form.getByRole('radio', { name: 'All organizations' }))
    await page.keyboard.press('ArrowDown')
    assert.equal(await form.getByRole('radio', { name: 'Specific organizations' }).isChecked(), true)
    const submit = form.getByRole('button', { name: 'Create API token' })
    await press(submit)
    await form.getByText('Add at least one organization').waitFor()

    const search = form.getByRole('combobox', { name: 'Add organizations' })
    await page.keyboard.press('Shift+Tab')
    await page.keyboard.press('Shift+Tab')
    await tabTo(search, 5)
    await page.keyboard.type('client 1')
    await form.getByRole('option', { name: 'Client 19' }).waitFor()
    await form.getByRole('option').nth(10).waitFor({ state: 'detached' })
    await page.keyboard.press('ArrowDown')
    const active = await search.getAttribute('aria-activedescendant')
    assert.equal(await page.locator(`[id="${active}"]`).textContent(), 'Client 18')
    await page.keyboard.press('Enter')
    await page.keyboard.type('acme')
    await form.getByRole('option', { name: 'Client' }).first().waitFor({ state: 'detached' })
    await page.keyboard.press('Enter')
    await page.keyboard.press('Escape')
    assert.equal(await form.isVisible(), true, 'Escape has closed the list alone')
    const chosen = form.getByRole('list', { name: 'Chosen organizations' }).getByRole('listitem')
    assert.deepEqual(await chosen.allTextContents(), ['Client 18', 'Acme Zones'])
    await press(form.getByRole('button', { name: 'Remove Client 18' }))
    assert.deepEqual(await chosen.allTextContents(), ['Acme Zones'])
    await press(submit)

    const secret = page.getByRole('dialog', { name: 'Copy your API token' })
    await press(secret.getByRole('button', { name: 'Copy token' }))
    await secret.getByRole('button', { name: 'Copied' }).waitFor()
    const token = await page.evaluate<string>('navigator.clipboard.readText()')
    assert.match(token, /^pat_[0-9a-f]{64}$/)
    assert.match((await secret.getByLabel('command').textContent()) ?? '', new RegExp(`X-API-TOKEN: ${token}`))
    await press(secret.getByRole('button', { name: 'Done' }))
    assert.equal((await page.content()).includes(token), false, 'it is shown once')

    assert.equal((await zones(token)).statusCode, 200)
    assert.deepEqual(await reach(token), [acme])
    const row = page.getByRole('row', { name: /CI\/CD pipeline/ })
    assert.match((await row.textContent()) ?? '', /Acme Zones.*Never used|Acme Zones.*ago|Acme Zones.*now/)
    assert.match((await row.textContent()) ?? '', /Never expires/)
    await press(row.getByRole('button', { name: 'Actions for CI/CD pipeline' }))
    await press(page.getByRole('button', { name: 'Revoke', exact: true }))
    const revoke = page.getByRole('dialog', { name: 'Revoke CI/CD pipeline?' })
    await press(revoke.getByRole('button', { name: 'Revoke token' }))
    await row.getByText('Revoked').waitFor()
    assert.equal((await zones(token)).statusCode, 401)
    await page.context().close()
  })

  await t.test('with an end, for all organizations; rotated, renamed and found again', async () => {
    const page = await scene.page(ada, '/account/tokens')
    await press(page.getByRole('button', { name: 'Create API token' }).first())
    const form = page.getByRole('dialog')
    await press(form.getByRole('button', { name: 'Create API token' }))
    await form.getByText('Give it a name').waitFor()
    await enter(form.getByLabel('Name'), 'Nightly build')
    await press(form.getByRole('button', { name: '30 days' }))
    await press(form.getByRole('button', { name: 'Create API token' }))
    const shown = page.getByRole('dialog').getByRole('group', { name: 'token' })
    const first = (await shown.textContent()) ?? ''
    await press(page.getByRole('button', { name: 'Done' }))
    await page.getByText('You have not copied the token.').waitFor()
    await press(page.getByRole('button', { name: 'Close without copying' }))

    const menu = page.getByRole('button', { name: 'Actions for Nightly build' })
    await press(menu)
    await press(page.getByRole('button', { name: 'Rotate' }))
    await pick(page.getByLabel('The old value stops working'), 'Now')
    await press(page.getByRole('button', { name: 'Rotate token' }))
    const second = (await shown.textContent()) ?? ''
    await press(page.getByRole('button', { name: 'Done' }))
    await press(page.getByRole('button', { name: 'Close without copying' }))
    assert.deepEqual([(await zones(first)).statusCode, (await zones(second)).statusCode], [401, 200])

    await press(page.getByRole('button', { name: 'Active', exact: true }))
    await page
      .getByRole('row', { name: /Revoked/ })
      .first()
      .waitFor({ state: 'detached' })
    await press(menu)
    await press(page.getByRole('button', { name: 'Rename' }))
    await enter(page.getByRole('dialog').getByLabel('Name'), 'Weekly build')
    await page.keyboard.press('Enter')
    await enter(page.getByRole('searchbox', { name: 'Search API tokens' }), 'WEEKLY')
    await page.getByRole('row', { name: /Weekly build/ }).waitFor()
    await page.waitForURL(/q=WEEKLY/)
    await page.reload()
    await page.getByRole('row', { name: /Weekly build/ }).waitFor()
    assert.equal(await page.getByRole('row').count(), 2, 'a heading and one token, from the address alone')
    await page.context().close()
  })

  const legacyValue = 'a-token-of-the-old-system'
  await launched.operate('POST', '/legacy-tokens/import', {
    lines: [{ line: 2, name: 'Zone sync', owner: ada.email, organization: 'Acme Zones', token: legacyValue }],
  })
  const [legacy] = (await launched.operate<{ data: { id: string }[] }>('GET', '/legacy-tokens')).data
  const used = (at: number) => launched.app.store.recordLastUse(new Map([[legacy?.id ?? '', at]]))

  await t.test('no page is too wide or at fault, on any screen', async () => {
    await onEveryScreen(scene, ada, async (page, look) => {
      await page.goto(`${origin}/account/tokens`)
      await page.getByRole('heading', { name: 'Legacy API tokens' }).waitFor()
      await look('tokens')
      await press(page.getByRole('button', { name: 'Create API token' }).first())
      await tick(page.getByRole('radio', { name: 'Specific organizations' }))
      await press(page.getByRole('combobox'))
      await page.getByRole('option').first().waitFor()
      await page.keyboard.press('Enter')
      await look('create token')
      await page.goto(`${origin}/account/tokens/legacy/${legacy?.id}`)
      await page.getByText('It has never been used.').waitFor()
      await look('legacy token')
    })
  })

  await t.test('a legacy token is replaced step by step, and not deleted lightly while it is in use', async () => {
    await used(Date.now() - day)
    const page = await scene.page(ada, '/account/tokens')
    await page.getByText('Legacy tokens are deprecated').waitFor()
    await press(page.getByRole('link', { name: 'Replace Zone sync' }))
    await page.getByText('It is still in use.').waitFor()
    await press(page.getByRole('button', { name: 'Create API token' }))
    const form = page.getByRole('dialog')
    assert.equal(await form.getByLabel('Name').inputValue(), 'Zone sync')
    assert.equal(await form.getByRole('radio', { name: 'Specific organizations' }).isChecked(), true)
    assert.deepEqual(await form.getByRole('listitem').allTextContents(), ['Acme Zones'])
    await press(form.getByRole('button', { name: 'Create API token' }))
    const token = (await page.getByRole('dialog').getByRole('group', { name: 'token' }).textContent()) ?? ''
    await press(page.getByRole('button', { name: 'Done' }))
    await press(page.getByRole('button', { name: 'Close without copying' }))
    await page.getByText('The new token has not been used yet.').waitFor()
    assert.deepEqual([(await zones(token)).statusCode, (await zones(legacyValue)).statusCode], [200, 200])

    await press(page.getByRole('button', { name: 'Delete legacy token' }))
    const danger = page.getByRole('button', { name: 'Delete it although it is in use' })
    assert.equal(await danger.isDisabled(), true)
    await press(page.getByRole('button', { name: 'Cancel' }))
    await launched.app.store.activity.deleteFrom('last_used').execute()
    await used(Date.now() - 8 * day)
    await page.reload()
    await page.getByText('Nobody has used it for 7 days.').waitFor()
    await press(page.getByRole('button', { name: 'Delete legacy token' }))
    await press(page.getByRole('dialog').getByRole('button', { name: 'Delete legacy token' }))
    await page.getByRole('heading', { level: 1, name: 'API tokens' }).waitFor()
    await page.getByRole('heading', { name: 'Legacy API tokens' }).waitFor({ state: 'detached' })
    assert.deepEqual([(await zones(token)).statusCode, (await zones(legacyValue)).statusCode], [200, 401])
    await page.context().close()
  })
})
