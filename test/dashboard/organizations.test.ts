// The shell, one's organizations and their settings in a real browser: in every look, and by keyboard alone.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { assertInOrder } from '../browser.ts'
import { enter, onEveryScreen, press, tabTo, tick } from './hands.ts'
import { type Scene, dashboardScene } from './scene.ts'

/** What the browser complains of, the policy's refusals among it. */
const listen = (page: Page): string[] => {
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  return complaints
}

const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name, exact: true })

test('every page is readable in every look, and the policy refuses nothing of it', async (t) => {
  const scene = await dashboardScene(t)
  if (!scene) return
  const ada = await scene.person()
  const id = await scene.organization(ada, 'Analytical Engines, whose name is longer than there is room for on a phone')
  await scene.launched.operate('POST', `/organizations/${id}/api-keys`, { name: 'Production', user_id: ada.id })
  await onEveryScreen(scene, ada, async (page, look) => {
    const complaints = listen(page)
    for (const [path, title] of [
      ['/organizations', 'Organizations'],
      [`/organizations/${id}`, 'Analytical Engines, whose name is longer than there is room for on a phone'],
      [`/organizations/${id}/settings`, 'General'],
    ] as const) {
      await page.goto(scene.origin + path)
      await heading(page, title).waitFor()
      await page.waitForLoadState('networkidle')
      await look(path)
      assert.match(await page.title(), / · Latchkey$/)
    }
    await press(page.getByRole('button', { name: 'Delete organization' }))
    await page.getByText('1 API key is refused').waitFor()
    await look('what is deleted')
    assert.deepEqual(complaints, [])
  })
})

const created = async (scene: Scene, name: string): Promise<string> => {
  const { data } = await scene.launched.operate<{ data: { id: string }[] }>(
    'GET',
    `/organizations?all=true&q=${encodeURIComponent(name)}`,
  )
  return data[0]?.id ?? assert.fail(`${name} is there`)
}

test('by keyboard alone: create, rename, switch, delete, sign out', async (t) => {
  const scene = await dashboardScene(t)
  if (!scene) return
  const ada = await scene.person()
  const page = await scene.page(ada, '/organizations', { viewport: { width: 1280, height: 900 } })
  await page.getByRole('heading', { name: 'You belong to no organization yet' }).waitFor()

  await page.keyboard.press('Tab')
  assert.equal(await page.evaluate('document.activeElement.textContent'), 'Skip to the page')
  await page.keyboard.press('Enter')
  await press(page.getByRole('button', { name: 'Create organization', exact: true }))
  await page.getByRole('dialog', { name: 'Create an organization' }).waitFor()
  await page.keyboard.type('Analytical Engines')
  await page.keyboard.press('Enter')
  await heading(page, 'Analytical Engines').waitFor()
  // focus is where reading goes on
  assert.equal(await page.evaluate('document.activeElement.tagName'), 'H1')
  const id = await created(scene, 'Analytical Engines')
  assert.equal(new URL(page.url()).pathname, `/organizations/${id}`)

  await tabTo(page.getByRole('button', { name: 'Create API Key', exact: true }))
  await press(page.getByRole('link', { name: 'General' }))
  await heading(page, 'General').waitFor()
  await tabTo(page.getByRole('textbox', { name: 'Name', exact: true }))
  await page.keyboard.press('Control+A')
  await page.keyboard.type('Difference Engines')
  await page.keyboard.press('Enter')
  await page.getByRole('status').filter({ hasText: 'Name saved.' }).waitFor()
  await page.getByRole('button', { name: /^Difference Engines\s*: choose another/ }).waitFor()

  const other = await scene.organization(ada, 'Looms')
  await press(page.getByRole('button', { name: /^Difference Engines\s*: choose another/ }))
  await page.getByRole('searchbox', { name: 'Find an organization' }).waitFor()
  await page.keyboard.type('loom')
  await page.getByRole('link', { name: 'Looms', exact: true }).waitFor()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await heading(page, 'Looms').waitFor()
  assert.equal(new URL(page.url()).pathname, `/organizations/${other}`)

  await page.goto(`${scene.origin}/organizations/${other}/settings`)
  await press(page.getByRole('button', { name: 'Delete organization', exact: true }))
  const dialog = page.getByRole('dialog', { name: 'Delete Looms?' })
  await dialog.waitFor()
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
  assert.equal(await page.evaluate('document.activeElement.textContent'), 'Delete organization')
  await page.keyboard.press('Enter')
  await tabTo(page.getByRole('textbox', { name: 'Type “Looms” to confirm', exact: true }))
  await page.keyboard.type('Loom')
  assert.equal(await dialog.getByRole('button', { name: 'Delete organization' }).isDisabled(), true)
  await page.keyboard.type('s')
  await page.keyboard.press('Enter')
  await heading(page, 'Organizations').waitFor()
  await page.getByRole('link', { name: 'Difference Engines' }).waitFor()
  assert.equal(await page.getByRole('link', { name: 'Looms' }).count(), 0)

  await press(page.getByRole('button', { name: 'Account of Ada Lovelace', exact: true }))
  await press(page.getByRole('button', { name: 'Sign out', exact: true }))
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  await page.goto(`${scene.origin}/organizations`)
  assert.equal(new URL(page.url()).pathname, '/login')
})

test('who belongs to a suspended organization is told so, and whom to ask', async (t) => {
  const scene = await dashboardScene(t)
  if (!scene) return
  const ada = await scene.person()
  const id = await scene.organization(ada)
  const page = await scene.page(ada, `/organizations/${id}`)
  await heading(page, 'Analytical Engines').waitFor()
  await scene.launched.operate('PATCH', `/organizations/${id}`, { suspended: true })
  await page.goto(`${scene.origin}/organizations`)
  await page.getByText('One of yours is suspended.').waitFor()
  await press(page.getByRole('link', { name: 'Analytical Engines' }))
  await page.getByText('This organization is suspended.').waitFor()
  await page.getByText('Ask an operator of this server').waitFor()
  await assertInOrder(page, 'suspended')
  await page.goto(`${scene.origin}/organizations/${id}/settings/api-keys`)
  await page.getByText('This organization is suspended.').waitFor()
  const bob = await scene.person({ email: 'bob@example.com', name: 'Bob' })
  await scene.signIn(page, bob)
  await page.reload()
  await heading(page, 'Not yours to see').waitFor()
})

test('what is somebody else’s looks as if it did not exist, and a session that ended leads to the sign-in', async (t) => {
  const scene = await dashboardScene(t)
  if (!scene) return
  const ada = await scene.person()
  const eve = await scene.person({ email: 'eve@example.com', name: 'Eve' })
  const id = await scene.organization(ada, 'Analytical Engines')
  const mine = await scene.organization(eve, 'Looms')
  const page = await scene.page(eve, `/organizations/${id}/settings`)
  await heading(page, 'Not yours to see').waitFor()
  const told = await page.getByRole('main').innerText()
  assert.doesNotMatch(told, /Analytical/)
  await page.goto(`${scene.origin}/organizations/0193a7b2-1111-7abc-8def-0123456789ab/settings`)
  await heading(page, 'Not yours to see').waitFor()
  assert.equal(await page.getByRole('main').innerText(), told)
  await page.goto(`${scene.origin}/operator/users`)
  await heading(page, 'Nothing here').waitFor()
  await page.goto(`${scene.origin}/organizations/${mine}/nowhere`)
  await heading(page, 'Nothing here').waitFor()

  await page.goto(`${scene.origin}/organizations/${mine}`)
  await heading(page, 'Looms').waitFor()
  await page.context().clearCookies()
  await press(page.getByRole('link', { name: 'General' }))
  await heading(page, 'General').waitFor()
  await enter(page.getByRole('textbox', { name: 'Name' }), 'Mills')
  await press(page.getByRole('button', { name: 'Save name' }))
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  assert.equal(new URL(page.url()).searchParams.get('return_to'), `/organizations/${mine}/settings`)
})

test('on a phone the navigation is a sheet; ownership is handed over there as well', async (t) => {
  const scene = await dashboardScene(t)
  if (!scene) return
  const ada = await scene.person()
  const bob = await scene.person({ email: 'bob@example.com', name: 'Bob' })
  const id = await scene.organization(ada)
  await scene.launched.operate('POST', `/organizations/${id}/members`, { user_id: bob.id, role: 'member' })
  const page = await scene.page(ada, `/organizations/${id}`, { viewport: { width: 390, height: 844 }, hasTouch: true })
  await page.getByRole('button', { name: 'Navigation' }).tap()
  await page.getByRole('link', { name: 'General' }).tap()
  await heading(page, 'General').waitFor()
  await page.getByRole('dialog', { name: 'Navigation' }).waitFor({ state: 'hidden' })
  await page.getByRole('button', { name: 'Leave organization' }).tap()
  const leaving = page.getByRole('dialog', { name: 'Leave Analytical Engines?' })
  await leaving.getByRole('button', { name: 'Leave organization' }).tap()
  await leaving.getByRole('alert').filter({ hasText: 'This is the last owner' }).waitFor()
  await assertInOrder(page, 'the last owner')
  await leaving.getByRole('button', { name: 'Cancel' }).tap()
  await page.getByRole('button', { name: 'Transfer ownership' }).tap()
  await tick(page.getByRole('radio', { name: 'Bob' }))
  await page.getByRole('dialog').getByRole('button', { name: 'Transfer ownership' }).tap()
  await page.getByText('Bob owns Analytical Engines now.').waitFor()
  assert.equal(await page.getByRole('button', { name: 'Delete organization' }).count(), 0)
})
