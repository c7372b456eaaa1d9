// Usage and Requests in a real browser: what was counted, what is left of a quota, and why a request was denied.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LatchkeyConfig } from '../../src/config/config.ts'
import { assertInOrder } from '../browser.ts'
import { onEveryScreen, press, tabTo } from './hands.ts'
import { type Scene, dashboardScene } from './scene.ts'

const file: LatchkeyConfig = {
  apis: {
    zones: {
      hosts: ['zones.localhost'],
      upstream: { live: 'echo', test: 'echo' },
      scopes: { read: 'Read', write: 'Write' },
      requiredScopes: [{ methods: ['DELETE'], scopes: ['write'] }],
      limits: [
        { name: 'month', per: 'organization', limit: { free: 1000, pro: 100_000, enterprise: null }, period: 'month' },
      ],
    },
    images: { hosts: ['images.localhost'], upstream: 'echo', limits: [] },
  },
}

const hour = 3_600_000

/** Requests of the last days, as a server that has run for long has them. */
const addHistory = async ({ launched }: Scene, ownerId: string, credentialId: string): Promise<void> => {
  const now = Date.now()
  const of = { owner_id: ownerId, api: 'zones', environment: 'live' } as const
  const rows = (['hour', 'day'] as const).flatMap((width) => {
    const size = width === 'hour' ? hour : 24 * hour
    const start = Math.floor(now / size) * size
    return Array.from({ length: 100 }, (_, index) => [
      { ...of, width, bucket: start - (index + 1) * size, code: 'valid', count: 10 + (index % 7) },
      { ...of, width, bucket: start - (index + 1) * size, code: 'invalid_api_key', count: index % 3 },
    ]).flat()
  })
  const { activity } = launched.app.store
  await activity
    .insertInto('usage')
    .values(rows.map((row) => ({ ...row, credential_id: credentialId })))
    .execute()
  await activity
    .insertInto('usage_totals')
    .values(rows.map((row) => ({ ...row, units: row.code === 'valid' ? row.count : 0 })))
    .execute()
}

test('Usage and Requests in the dashboard', async (t) => {
  const scene = await dashboardScene(t, { file })
  if (!scene) return
  const { launched } = scene
  const ada = await scene.person()
  const olga = await scene.person({ email: 'olga@example.com', name: 'Olga Operator', operator: true })
  const organization = await scene.organization(ada)
  const empty = await scene.organization(ada, 'Nothing yet')
  const base = `/organizations/${organization}`
  const make = (fields: object) =>
    launched.operate<{ id: string; key: string }>('POST', `${base}/api-keys`, { user_id: ada.id, ...fields })
  const used = await make({ name: 'Production', scopes: 'read' })
  await addHistory(scene, organization, used.id)
  const call = async (as: string, method = 'GET', path = '/zones/7', agent = 'curl/8.5.0') => {
    const { statusCode } = await launched.ask(method, path, {
      host: 'zones.localhost',
      as,
      headers: { 'x-forwarded-for': '203.0.113.9', 'user-agent': agent },
    })
    await launched.app.writeUse()
    return statusCode
  }

  await t.test('an organization without requests is shown how to make the first', async () => {
    const page = await scene.page(ada, `/organizations/${empty}/usage`)
    await page.getByRole('heading', { name: 'No requests yet' }).waitFor()
    assert.match(
      (await page.getByRole('group', { name: 'command' }).textContent()) ?? '',
      /^curl -i 'http:\/\/zones\.localhost:\d+' \\\s+-H 'Authorization: Bearer YOUR_API_KEY'$/,
    )
    await page.getByText('0 of 1,000 used').waitFor()
    await page.goto(`${scene.origin}/organizations/${empty}/requests`)
    await page.getByRole('heading', { name: 'No requests yet' }).waitFor()
    await page.context().close()
  })

  await t.test('the chart is read by keys alone: its values are said, and stand in a table', async () => {
    const page = await scene.page(ada, `${base}/usage`)
    const chart = page.getByRole('slider', { name: 'Requests in the last 7 days' })
    await tabTo(chart)
    await page.keyboard.press('ArrowLeft')
    const said = await chart.getAttribute('aria-valuetext')
    assert.match(said ?? '', /:00 .+: \d+ let in, \d denied$/)
    await page.getByText(said ?? '').waitFor()
    await page.keyboard.press('End')
    assert.notEqual(await chart.getAttribute('aria-valuetext'), said)
    await press(page.getByText('Show as a table'))
    const table = page.getByRole('table', { name: 'Requests in the last 7 days' })
    const [row, ...values] = (said ?? '').split(/: (\d+) let in, (\d) denied$/)
    await table.getByRole('row', { name: `${row} ${values[0]} ${values[1]}` }).waitFor()
    await press(page.getByRole('button', { name: '30 days' }))
    await page.getByRole('slider', { name: 'Requests in the last 30 days' }).waitFor()
    assert.equal(new URL(page.url()).searchParams.get('range'), '30d')
    await page.reload()
    await page.getByRole('slider', { name: 'Requests in the last 30 days' }).waitFor()
    await press(page.getByRole('button', { name: 'Result' }))
    await page.getByRole('row', { name: /^Invalid credential/ }).waitFor()
    await press(page.getByRole('button', { name: 'Key', exact: true }))
    await press(page.getByRole('link', { name: 'Production' }))
    await page.getByRole('heading', { name: 'Requests', level: 1 }).waitFor()
    assert.equal(new URL(page.url()).searchParams.get('credential_id'), used.id)
    await page.context().close()
  })

  await t.test('a quota tells in words where the month will end', async () => {
    const page = await scene.page(ada, `${base}/usage`)
    const meter = page.getByRole('meter', { name: 'Quota of zones, live' })
    assert.equal(await meter.getAttribute('aria-valuetext'), '0 of 1,000 used')
    await launched.operate('POST', '/verify', { credential: used.key, api: 'zones', cost: 1000 })
    await page.reload()
    await page.getByText('The quota is used up.').waitFor()
    assert.equal(await meter.getAttribute('aria-valuetext'), '1,000 of 1,000 used')
    await page.context().close()
    await launched.operate('PATCH', base, { tier: 'pro' })
  })

  await t.test('requests show as they come in, and a denied one is explained, by keys alone', async () => {
    const page = await scene.page(ada, `${base}/requests`)
    await page.getByText('Live', { exact: true }).waitFor()
    const old = await make({ name: 'Old website' })
    assert.equal(await call(old.key), 200)
    await page.getByRole('row', { name: /GET \/zones\/7.+Let in.+Old website/ }).waitFor()
    await launched.operate('DELETE', `/api-keys/${old.id}`)
    assert.equal(await call(old.key, 'GET', '/zones/8'), 401)
    const denied = page.getByRole('link', { name: /^GET \/zones\/8\b.+Invalid credential$/ })
    await press(denied)
    const dialog = page.getByRole('dialog', { name: 'Denied: invalid credential' })
    await dialog.getByText('Failed: It has not been revoked').waitFor()
    await dialog.getByText('The credential has been revoked.').waitFor()
    await dialog.getByText(/The key is still revoked, since/).waitFor()
    await dialog.getByText('What has been revoked does not come back').waitFor()
    await page.getByText('Held while you read').waitFor()
    // it has an address of its own, and closing leads back to the list
    const address = page.url()
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    assert.ok(await denied.evaluate((element) => element === element.ownerDocument.activeElement))
    await press(page.getByRole('button', { name: 'Pause' }))
    await page.getByText('Paused', { exact: true }).waitFor()
    await page.goto(address)
    await dialog.getByText('203.0.113.9').waitFor()
    await page.context().close()
  })

  await t.test('filters stand in the address, and what a caller sent shows as text', async () => {
    const page = await scene.page(ada, `${base}/requests?code=insufficient_scope`)
    await page.getByRole('heading', { name: 'Nothing of this kind in the last day' }).waitFor()
    const agent = '<img src=x onerror=alert(1)>'
    assert.equal(
      await call(used.key, 'DELETE', '/<b>zones</b>'.replaceAll('<', '%3C').replaceAll('>', '%3E'), agent),
      403,
    )
    await press(page.getByRole('link', { name: /^DELETE .+ Missing scope$/ }))
    const dialog = page.getByRole('dialog')
    await dialog.getByText('The credential lacks write.').waitFor()
    await dialog.getByText(agent).waitFor()
    assert.equal(await page.locator('img[src=x]').count(), 0)
    await page.context().close()
  })

  await t.test('who belongs to another organization sees none of it', async () => {
    const eve = await scene.person({ email: 'eve@example.com', name: 'Eve' })
    for (const path of ['usage', 'requests']) {
      const page = await scene.page(eve, `${base}/${path}`)
      await page.getByRole('heading', { name: 'Not yours to see' }).waitFor()
      assert.ok(!(await page.content()).includes('Production'))
      await page.context().close()
    }
  })

  await t.test('what a person’s own token asks for stands under their account', async () => {
    const page = await scene.page(ada, '/account/usage')
    await page.getByRole('heading', { name: 'No requests yet' }).waitFor()
    const { token } = await launched.operate<{ token: string }>('POST', `/users/${ada.id}/tokens`, {
      name: 'Laptop',
      all_organizations: true,
    })
    const { statusCode } = await launched.ask('GET', '/api/v1/users/me', { as: token })
    assert.equal(statusCode, 200)
    await launched.app.writeUse()
    await page.reload()
    await page.getByRole('slider').waitFor()
    await page.getByRole('link', { name: 'Laptop' }).waitFor()
    await assertInOrder(page, 'own usage')
    await press(page.getByRole('link', { name: 'Laptop' }))
    await press(page.getByRole('link', { name: /^GET \/api\/v1\/users\/me\b.+Let in$/ }))
    await page.getByRole('dialog', { name: 'Let in' }).getByText('What was checked').waitFor()
    await assertInOrder(page, 'own requests')
    await page.context().close()
  })

  await t.test('operators see what nobody’s credentials were denied', async () => {
    assert.equal(await call('nonsense', 'GET', '/guessed'), 401)
    const page = await scene.page(olga, '/operator/requests')
    await press(page.getByRole('link', { name: /^GET \/guessed\b.+Invalid credential$/ }))
    await page.getByRole('dialog').getByText('Failed: It has the form of a credential').waitFor()
    await page.getByRole('dialog').getByText('One that nobody here has').waitFor()
    await page.context().close()
  })

  await t.test('every page is in order on every screen', async () => {
    const { data } = await launched.operate<{ data: { id: string }[] }>('GET', `${base}/decisions?outcome=denied`)
    await onEveryScreen(scene, ada, async (page, look) => {
      for (const range of ['24h', '7d', '30d', '12m']) {
        await page.goto(`${scene.origin}${base}/usage?range=${range}`)
        await page.getByRole('slider').waitFor()
        await page.getByRole('row', { name: /^Production/ }).waitFor()
        await look(`usage ${range}`)
      }
      await page.goto(`${scene.origin}${base}/requests`)
      await page.getByRole('link', { name: /Missing scope/ }).waitFor()
      await look('requests')
      await page.goto(`${scene.origin}${base}/requests?request=${data[0]?.id}`)
      await page.getByRole('dialog').getByText('What was checked').waitFor()
      await look('a request explained')
      await page.goto(`${scene.origin}/organizations/${empty}/requests`)
      await page.getByRole('heading', { name: 'No requests yet' }).waitFor()
      await look('requests, none')
    })
    await onEveryScreen(scene, olga, async (page, look) => {
      await page.goto(`${scene.origin}/operator/requests`)
      await page.getByRole('link', { name: /guessed/ }).waitFor()
      await look('operator requests')
    })
  })
})
