// The operators' pages in a real browser.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertInOrder } from '../browser.ts'
import { enter, onEveryScreen, pick, press } from './hands.ts'
import { dashboardScene } from './scene.ts'

test('operators look after people, organizations, keys and legacy tokens', async (t) => {
  const scene = await dashboardScene(t)
  if (!scene) return
  const ada = await scene.person({ operator: true })
  await scene.person({ email: 'charles@example.com', name: 'Charles Babbage' })
  const organization = await scene.organization(ada)
  await onEveryScreen(scene, ada, async (page, look) => {
    for (const [path, title] of [
      ['/operator/users', 'Users'],
      ['/operator/organizations', 'Organizations'],
      ['/operator/signing-keys', 'Signing keys'],
      ['/operator/legacy-tokens', 'Legacy tokens'],
    ] as const) {
      await page.goto(scene.origin + path)
      await page.getByRole('heading', { level: 1, name: title }).waitFor()
      await page.waitForLoadState('networkidle')
      await look(title)
    }
  })

  const page = await scene.page(ada, '/operator/users', { permissions: ['clipboard-read', 'clipboard-write'] })
  await press(page.getByRole('button', { name: 'Create user' }))
  await enter(page.getByRole('textbox', { name: 'Name', exact: true }), 'Mary Somerville')
  await enter(page.getByRole('textbox', { name: 'E-mail' }), 'mary@example.com')
  await press(page.getByRole('dialog').getByRole('button', { name: 'Create user' }))
  const shown = page.getByRole('dialog', { name: 'Set-up link for Mary Somerville' })
  const link = await shown.getByRole('group', { name: 'link' }).innerText()
  // closed unread, it warns first
  await press(shown.getByRole('button', { name: 'Done' }))
  await shown.getByRole('alert').waitFor()
  await press(shown.getByRole('button', { name: 'Close without copying' }))
  const stranger = await (await scene.browser.newContext()).newPage()
  const { pathname, search } = new URL(link)
  await stranger.goto(scene.origin + pathname + search)
  await stranger.getByLabel('Password').first().waitFor()

  await enter(page.getByRole('searchbox'), 'CHARLES')
  await page.getByText('mary@example.com').waitFor({ state: 'detached' })
  await page.waitForURL((url) => url.searchParams.get('q') === 'CHARLES')
  await press(page.getByRole('button', { name: 'Actions for Charles Babbage' }))
  await press(page.getByRole('button', { name: 'Suspend' }))
  await press(page.getByRole('dialog').getByRole('button', { name: 'Suspend user' }))
  await page.getByText('suspended', { exact: true }).waitFor()

  const of = async (name: string, action: string): Promise<void> => {
    await press(page.getByRole('button', { name: `Actions for ${name}` }))
    await press(page.getByRole('button', { name: action, exact: true }))
  }
  const confirm = async (action: string, said: string): Promise<void> => {
    await press(page.getByRole('dialog').getByRole('button', { name: action }))
    await page.getByRole('status').filter({ hasText: said }).waitFor()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
  }
  await of('Charles Babbage', 'Resume')
  await confirm('Resume user', 'Charles Babbage is resumed.')
  await of('Charles Babbage', 'Make operator')
  await confirm('Make operator', 'Charles Babbage is an operator.')
  await of('Charles Babbage', 'Take operator rights away')
  await confirm('Take rights away', 'Charles Babbage is no operator any more.')
  await of('Charles Babbage', 'Reset second factors')
  await assertInOrder(page, 'reset second factors')
  await confirm('Reset second factors', 'Charles Babbage signs in with their password alone.')
  await of('Charles Babbage', 'Make a set-up link')
  await press(page.getByRole('dialog').getByRole('button', { name: 'Make link' }))
  const another = page.getByRole('dialog', { name: 'Set-up link for Charles Babbage' })
  await press(another.getByRole('button', { name: 'Copy link' }))
  await press(another.getByRole('button', { name: 'Done' }))
  await of('Charles Babbage', 'Delete')
  await enter(page.getByRole('dialog').getByLabel(/to confirm/), 'charles@example.com')
  await confirm('Delete user', 'Charles Babbage is deleted.')
  await page.getByText('Nobody found').waitFor()
  // of what was done the log tells in its order
  const { data: log } = await scene.launched.operate<{ data: { action: string }[] }>('GET', '/audit?action=user.*')
  assert.deepEqual(
    log.slice(0, 4).map(({ action }) => action),
    ['user.deleted', 'user.link_created', 'user.factors_reset', 'user.updated'],
  )

  await page.goto(`${scene.origin}/operator/organizations`)
  await enter(page.getByRole('searchbox', { name: 'Search organizations' }), 'engines')
  await press(page.getByRole('link', { name: 'Analytical Engines' }))
  await pick(page.getByLabel('Tier'), 'pro')
  await press(page.getByRole('button', { name: 'Save tier' }))
  await page.getByRole('status').filter({ hasText: 'Tier saved.' }).waitFor()
  await press(page.getByRole('button', { name: 'Suspend organization' }))
  await confirm('Suspend organization', 'Analytical Engines is suspended.')
  await press(page.getByRole('button', { name: 'Resume organization' }))
  await page.getByRole('status').filter({ hasText: 'Analytical Engines is resumed.' }).waitFor()
  const changed = await scene.launched.operate('GET', `/organizations/${organization}`)
  assert.deepEqual([changed.tier, changed.suspended_at], ['pro', null])

  await page.goto(`${scene.origin}/operator/signing-keys`)
  await page.getByText('signs').first().waitFor()
  assert.equal(await page.getByText('only verifies').count(), 0)
  await press(page.getByRole('button', { name: 'Rotate keys' }))
  await press(page.getByRole('dialog').getByRole('button', { name: 'Rotate keys' }))
  await page.getByText('only verifies').first().waitFor()
})

test('legacy tokens come in from a file; what fails is told by its line, and no token is told', async (t) => {
  const scene = await dashboardScene(t)
  if (!scene) return
  const ada = await scene.person({ operator: true })
  await scene.organization(ada)
  const page = await scene.page(ada, '/operator/legacy-tokens')
  const csv = [
    'name,owner,organization,token',
    'Deploy,ada@example.com,Analytical Engines,an-old-opaque-token-1',
    '"Build, nightly",ada@example.com,,an-old-opaque-token-2',
    'Lost,nobody@example.com,,an-old-opaque-token-3',
    'Broken "quotes,ada@example.com,,an-old-opaque-token-4',
    '',
  ].join('\r\n')
  const chooser = page.waitForEvent('filechooser')
  await press(page.getByLabel('CSV file'))
  await (await chooser).setFiles({ name: 'tokens.csv', mimeType: 'text/csv', buffer: Buffer.from(`\u{feff}${csv}`) })
  const send = page.getByRole('button', { name: 'Import tokens' })
  await press(send)
  await page.getByText('2 imported, 0 there already, 2 failed').waitFor()
  const failed = page.getByRole('table', { name: 'Lines that failed' })
  assert.deepEqual(await failed.getByRole('row').getByRole('cell').first().innerText(), '4')
  assert.doesNotMatch(await failed.innerText(), /opaque/)
  await page.getByRole('table', { name: 'Imported tokens' }).getByText('Build, nightly').waitFor()
  await assertInOrder(page, 'imported tokens')
  await press(send)
  await page.getByText('0 imported, 2 there already, 2 failed').waitFor()
  await enter(page.getByLabel('Or paste its lines'), 'who,what')
  await press(send)
  await page.getByRole('alert').filter({ hasText: 'The first line must name the columns' }).waitFor()
})
