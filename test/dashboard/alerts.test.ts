// Alerts, webhooks and the audit log in a browser: seen to, sent on, looked up and taken away; in every look, and by keyboard alone.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { raiseAlerts } from '../../src/alerts/raise.ts'
import { assertInOrder } from '../browser.ts'
import { answering, receiver } from '../webhooks/receiver.ts'
import { enter, press, tick } from './hands.ts'
import { dashboardScene } from './scene.ts'

test('an alert is seen to, a webhook is made, tried and rotated, and the log tells of it all', async (t) => {
  const scene = await dashboardScene(t)
  if (!scene) return
  const { origin, launched } = scene
  const { app, operate } = launched
  const ada = await scene.person()
  const organization = await scene.organization(ada)
  const base = `/organizations/${organization}`
  const key = await operate<{ id: string }>('POST', `${base}/api-keys`, { name: 'Importer', user_id: ada.id })
  const about = { organizationId: organization, userId: null, subjectKind: 'api_key', subjectId: key.id } as const
  await raiseAlerts(
    app.store,
    ['1', '2'].map((period) => ({
      ...about,
      kind: 'credential.leaked' as const,
      period,
      detail: {
        name: period === '1' ? 'Importer' : 'Exporter',
        hint: 'sk_…abcd',
        url: `https://github.com/octocat/hello/blob/${'1234567890'.repeat(6)}/foo.txt`,
        reported_by: 'GitHub secret scanning',
        done: 'notified',
      },
    })),
    Date.now(),
  )
  const there = await receiver(t)

  const page = await scene.page(ada, `${base}/alerts`)
  page.setDefaultTimeout(15_000)
  await press(page.getByRole('button', { name: 'Dismiss: API key “Importer”' }))
  await page.getByText('Alert dismissed.').waitFor()
  await page.getByRole('heading', { name: /Importer/ }).waitFor({ state: 'detached' })
  await press(page.getByRole('button', { name: 'Dismissed' }))
  await page.getByRole('heading', { name: /Importer/ }).waitFor()
  await press(page.getByRole('button', { name: 'Alert settings' }))
  await enter(page.getByLabel('Days without use'), '120')
  await press(page.getByLabel('A key or token is used from a new network: on'), 'Space')
  await press(page.getByLabel('Days without use'))
  await page.getByText('Alert settings saved.').waitFor()
  const settings = await operate<{ unused_days: number; kinds: { kind: string; raised: boolean }[] }>(
    'GET',
    `${base}/alert-settings`,
  )
  assert.equal(settings.unused_days, 120)
  assert.deepEqual(
    settings.kinds.filter(({ raised }) => !raised).map(({ kind }) => kind),
    ['credential.new_network'],
  )

  await page.goto(`${origin}${base}/settings/webhooks`)
  await press(page.getByRole('button', { name: 'Create webhook' }))
  await enter(page.getByLabel('URL'), 'http://10.0.0.1/hook')
  await press(page.getByLabel('URL'))
  await page.getByText(/^The url must/).waitFor()
  await enter(page.getByLabel('URL'), there.url)
  await press(page.getByLabel('URL'))
  const shown = page.getByRole('group', { name: 'signing secret' })
  assert.match((await shown.textContent()) ?? '', /^whsec_/)
  await press(page.getByRole('button', { name: 'Done' }))
  await press(page.getByRole('button', { name: 'Close without copying' }))
  there.answer = answering(500)
  await press(page.getByRole('button', { name: /^Send test/ }))
  await page.getByText('Test message sent.').waitFor()
  await app.sender.run()
  there.answer = answering(200)
  await press(page.getByRole('button', { name: 'webhook.test' }))
  await page.getByText('the answer was 500').waitFor()
  await press(page.getByRole('button', { name: 'Redeliver' }))
  await page.getByText('Sent again.').waitFor()
  await app.sender.run()
  await page.getByText('taken, 200').waitFor()
  await press(page.getByRole('button', { name: 'Done' }))
  await press(page.getByRole('button', { name: /^Rotate secret/ }))
  await press(page.getByRole('dialog').getByRole('button', { name: 'Rotate secret' }))
  assert.match((await shown.textContent()) ?? '', /^whsec_/)
  await press(page.getByRole('button', { name: 'Done' }))
  await press(page.getByRole('button', { name: 'Close without copying' }))
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await press(page.getByRole('button', { name: /^Change / }))
  await tick(page.getByRole('radio', { name: 'Only these' }))
  await tick(page.getByRole('checkbox').first())
  await press(page.getByRole('button', { name: 'Save webhook' }))
  await page.getByText('Webhook saved.').waitFor()
  await press(page.getByRole('button', { name: 'Turn off' }))
  await page.getByText('Webhook turned off.').waitFor()
  await press(page.getByRole('button', { name: 'Turn on' }))
  await page.getByText('Webhook turned on.').waitFor()
  const [hook] = (
    await operate<{ data: { events: string[]; disabled_at: string | null }[] }>('GET', `${base}/webhooks`)
  ).data
  assert.deepEqual([hook?.events.length, hook?.disabled_at], [1, null])
  await press(page.getByRole('button', { name: /^Delete / }))
  await press(page.getByRole('dialog').getByRole('button', { name: 'Delete webhook' }))
  await page.getByText('No webhooks yet').waitFor()

  await page.goto(`${origin}${base}/audit?action=webhook.*`)
  await page.getByRole('button', { name: 'Webhook created' }).waitFor()
  assert.equal(await page.getByRole('button', { name: 'API key created' }).count(), 0)
  await press(page.getByRole('button', { name: 'Webhook secret rotated' }))
  await page.getByRole('dialog').getByText('webhook.secret_rotated').waitFor()
  await press(page.getByRole('button', { name: 'Done' }))
  await press(page.getByRole('button', { name: 'Clear filters' }))
  await page.getByRole('button', { name: 'API key created Importer' }).waitFor()
  assert.equal(new URL(page.url()).search, '')
  await enter(page.getByRole('searchbox'), 'key created')
  await page.waitForURL(/q=key/)
  const downloading = page.waitForEvent('download')
  await press(page.getByRole('button', { name: 'Export CSV' }))
  const download = await downloading
  assert.match(download.suggestedFilename(), /^audit-.*\.csv$/)
  const lines = readFileSync(await download.path(), 'utf8')
    .trim()
    .split('\r\n')
  assert.equal(lines.length, 2)
  assert.match(lines[1] ?? '', /api_key\.created/)

  for (const path of ['/alerts', '/settings/webhooks', '/audit']) {
    await page.goto(`${origin}${base}${path}`)
    await page.waitForLoadState('networkidle')
    await assertInOrder(page, path)
  }
})
