// Settings → API Keys in a real browser: by keyboard alone, with a key that works until it is revoked.
import assert from 'node:assert/strict'
import { request } from 'node:http'
import { test } from 'node:test'
import type { LatchkeyConfig } from '../../src/config/config.ts'
import { assertInOrder } from '../browser.ts'
import { enter, pick, press, tick } from './hands.ts'
import { dashboardScene } from './scene.ts'

const file: LatchkeyConfig = {
  apis: {
    books: { hosts: ['books.localhost'], upstream: { live: 'echo', test: 'echo' }, limits: [] },
    films: { hosts: ['films.localhost'], upstream: 'echo', limits: [], scopes: { read: 'Read your films' } },
  },
  defaultApi: 'books',
}

/** Carries out a `curl` of the dashboard; whatever port it names, it is the test's server that is asked. */
const curl = (command: string, port: number): Promise<number | undefined> => {
  const url = new URL(/https?:[^'\s]+/.exec(command)?.[0] ?? '')
  const [, name = '', value = ''] = /-H '([^:]+): ([^']+)'/.exec(command) ?? []
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path: url.pathname, headers: { host: url.host, [name]: value } }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
      .on('error', reject)
      .end()
  })
}

test('API keys in the dashboard', async (t) => {
  const scene = await dashboardScene(t, { file })
  if (!scene) return
  const { launched, origin } = scene
  const port = Number(new URL(origin).port)
  const ada = await scene.person()
  const organization = await scene.organization(ada)
  const path = `/organizations/${organization}/settings/api-keys`
  const keys = `/organizations/${organization}/api-keys`
  const make = (fields: object) =>
    launched.operate<{ id: string; key: string }>('POST', keys, { user_id: ada.id, environment: 'live', ...fields })
  const page = await scene.page(ada, path, { permissions: ['clipboard-read', 'clipboard-write'] })
  const dialog = page.getByRole('dialog')

  await t.test('a key is made, copied, used and revoked by keyboard alone', async () => {
    await page.getByText('No live keys yet').waitFor()
    await press(page.getByRole('button', { name: 'Create API Key' }).first())
    await enter(dialog.getByLabel('Name'), 'Production server')
    await page.keyboard.press('Enter')
    await dialog.getByRole('heading', { name: 'API key created' }).waitFor()
    await press(dialog.getByRole('button', { name: 'Copy key', exact: true }))
    await dialog.getByRole('button', { name: 'Copied' }).waitFor()
    const key = await page.evaluate<string>('navigator.clipboard.readText()')
    assert.match(key, /^sk_live_[0-9a-f]{64}$/)
    const command = (await dialog.getByRole('group', { name: 'command' }).textContent()) ?? ''
    assert.ok(command.includes('books.localhost') && command.includes(key), command)
    assert.equal(await curl(command, port), 200)
    await press(dialog.getByRole('button', { name: 'Done', exact: true }))
    await dialog.waitFor({ state: 'detached' })
    assert.ok(!(await page.content()).includes(key), 'it is not shown again')
    await press(page.getByRole('button', { name: 'Actions for Production server', exact: true }))
    await press(page.getByRole('button', { name: 'Revoke', exact: true }))
    await dialog.getByText('refused from its next request on').waitFor()
    assert.equal(await curl(command, port), 200, 'it works until then')
    await press(dialog.getByRole('button', { name: 'Revoke API Key', exact: true }))
    await dialog.waitFor({ state: 'detached' })
    assert.equal(await curl(command, port), 401)
    await page.getByText('No live keys yet').waitFor()
  })

  await t.test('test keys are apart, by word, colour and how they begin', async () => {
    await press(page.getByRole('link', { name: 'Test', exact: true }))
    await page.getByText('Test keys begin with sk_test_').waitFor()
    assert.equal(new URL(page.url()).searchParams.get('environment'), 'test')
    await press(page.getByRole('button', { name: 'Create API Key' }).first())
    assert.ok(await dialog.getByLabel(/Test/).isChecked(), 'where one is, one makes keys')
    await enter(dialog.getByLabel('Name'), 'Staging')
    await tick(dialog.getByLabel('Only what is ticked'))
    await tick(dialog.getByLabel(/^Change your data/))
    await pick(dialog.getByLabel('Expires'), 'In 30 days')
    await enter(dialog.getByLabel(/Allowed networks/), '203.0.113.7/24\n10.0.0.0/8')
    await press(dialog.getByRole('button', { name: 'Create API Key' }))
    await dialog.getByRole('alert').getByText('Entry 1, "203.0.113.7/24"').waitFor()
    await enter(dialog.getByLabel(/Allowed networks/), '203.0.113.0/24\n127.0.0.0/8')
    await press(dialog.getByRole('button', { name: 'Create API Key' }))
    await dialog.getByRole('heading', { name: 'API key created' }).waitFor()
    const command = (await dialog.getByRole('group', { name: 'command' }).textContent()) ?? ''
    assert.match(command, /sk_test_/)
    assert.equal(await curl(command, port), 200)
    // it is not lost by a slip
    await page.keyboard.press('Escape')
    await dialog.getByRole('alert').getByText('You have not copied the key.').waitFor()
    await page.keyboard.press('Escape')
    const row = page.getByRole('row', { name: /Staging/ })
    await row.getByText('read', { exact: true }).waitFor()
    await row.getByText('from 203.0.113.0/24 and 1 more').waitFor()
    // what it may be used from is changed, and counts at once
    await press(row.getByRole('button', { name: 'Actions for Staging' }))
    await press(page.getByRole('button', { name: 'Edit', exact: true }))
    await enter(dialog.getByLabel(/Allowed networks/), '203.0.113.0/24')
    await enter(dialog.getByLabel('Name'), 'Staging server')
    await press(dialog.getByRole('button', { name: 'Save' }))
    await page.getByRole('row', { name: /Staging server/ }).waitFor()
    assert.equal(await curl(command, port), 403)
  })

  await t.test('a rotated key works on, until whoever looks at who uses it ends it', async () => {
    const { id, key } = await make({ name: 'Worker' })
    await launched.app.store.recordLastUse(new Map([[id, Date.now()]]))
    await page.goto(origin + path)
    await press(page.getByRole('button', { name: 'Actions for Worker' }))
    await press(page.getByRole('button', { name: 'Rotate', exact: true }))
    await tick(dialog.getByLabel('7 days'))
    await press(dialog.getByRole('button', { name: 'Rotate API Key' }))
    await press(dialog.getByRole('button', { name: 'Copy key' }))
    await press(dialog.getByRole('button', { name: 'Done' }))
    await dialog.getByText(/^Last used just now; /).waitFor()
    const valid = async () => (await launched.operate<{ valid: boolean }>('POST', '/verify', { credential: key })).valid
    assert.equal(await valid(), true)
    await press(dialog.getByRole('button', { name: 'Revoke the old one now' }))
    await dialog.waitFor({ state: 'detached' })
    assert.equal(await valid(), false)
    await page.getByRole('row', { name: /Worker/ }).waitFor()
    assert.equal(await page.getByRole('row', { name: /Worker/ }).count(), 1)
  })

  await t.test('keys are searched, sorted, and revoked together', async () => {
    const made = await Promise.all(['Alpha', 'beta', 'Gamma', 'alphabet'].map((name) => make({ name })))
    await page.goto(`${origin}${path}?sort=name`)
    const names = async () => {
      const texts = await page.getByRole('row').locator('.font-medium').allTextContents()
      return texts.filter((text) => ['Alpha', 'beta', 'Gamma', 'alphabet', 'Worker'].includes(text))
    }
    await page.getByRole('row', { name: /Gamma/ }).waitFor()
    assert.deepEqual(await names(), ['Alpha', 'alphabet', 'beta', 'Gamma', 'Worker'])
    // the value of a whole key is never put into the address
    const [first] = made
    await enter(page.getByRole('searchbox', { name: 'Search API keys' }), first?.key ?? '')
    await page.getByRole('row', { name: /Gamma/ }).waitFor({ state: 'detached' })
    assert.deepEqual(await names(), ['Alpha'])
    assert.ok(!page.url().includes(first?.key ?? ''))
    await enter(page.getByRole('searchbox', { name: 'Search API keys' }), 'alpha')
    await page.getByRole('row', { name: /alphabet/ }).waitFor()
    await tick(page.getByLabel('Select all on this page'))
    await press(page.getByRole('button', { name: 'Revoke selected' }))
    await press(dialog.getByRole('button', { name: 'Revoke 2 API Keys' }))
    await page.getByText('No key is like that').waitFor()
    const codes = await Promise.all(
      made.map(({ key }) => launched.operate<{ valid: boolean }>('POST', '/verify', { credential: key })),
    )
    assert.deepEqual(
      codes.map(({ valid }) => valid),
      [false, true, true, false],
    )
    await pick(page.getByLabel('State'), 'Revoked')
    await page
      .getByRole('row', { name: /alphabet/ })
      .getByText('Revoked')
      .waitFor()
    assert.deepEqual(await names(), ['Alpha', 'alphabet'])
  })

  await t.test('an organization’s first page makes a key, and revokes it', async () => {
    await page.goto(`${origin}/organizations/${organization}`)
    await press(page.getByRole('button', { name: 'Create API Key' }))
    await enter(dialog.getByLabel('Name'), 'Walk-through')
    await press(dialog.getByRole('button', { name: 'Create API Key' }))
    await press(dialog.getByRole('button', { name: 'Copy key' }))
    const command = (await dialog.getByRole('group', { name: 'command' }).textContent()) ?? ''
    await press(dialog.getByRole('button', { name: 'Done' }))
    assert.equal(await curl(command, port), 200)
    await press(page.getByRole('button', { name: 'Revoke Walk-through' }))
    await press(dialog.getByRole('button', { name: 'Revoke API Key' }))
    await page.getByRole('row', { name: /Walk-through/ }).waitFor({ state: 'detached' })
    assert.equal(await curl(command, port), 401)
  })

  await t.test('a viewer sees the keys and can change none', async () => {
    const viewer = await scene.person({ email: 'viewer@example.com', name: 'Viewer' })
    await launched.operate('POST', `/organizations/${organization}/members`, { user_id: viewer.id, role: 'viewer' })
    const other = await scene.page(viewer, path)
    await other.getByRole('row', { name: /Gamma/ }).waitFor()
    assert.equal(await other.getByRole('button', { name: /Create API Key|Actions for|Select/ }).count(), 0)
    await other.context().close()
  })

  await t.test('it can be read by everybody, on every screen', async () => {
    await make({ name: 'A name that is rather long, so that it has to be broken somewhere', networks: ['10.0.0.0/8'] })
    const look = await scene.page(ada, path)
    await look.getByText('Gamma').waitFor()
    await assertInOrder(look, 'keys')
    await press(look.getByRole('button', { name: 'Create API Key' }).first())
    await tick(look.getByLabel('Only what is ticked'))
    await assertInOrder(look, 'making a key')
    await look.keyboard.press('Escape')
    await press(look.getByRole('button', { name: 'Actions for Gamma' }))
    await press(look.getByRole('button', { name: 'Revoke', exact: true }))
    await look.getByText('It has never been used').waitFor()
    await assertInOrder(look, 'revoking a key')
    await look.context().close()
  })
})
