// The documents' walk-throughs in a browser, from sign-in to a command that works as it is shown, and that fails at the next request after a click.
// That of smoxy (Account → API tokens) is tokens.test.ts.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { promisify } from 'node:util'
import type { Locator, Page } from 'playwright-core'
import { seeds } from '../harness.ts'
import { password } from '../visitor.ts'
import { dashboardScene } from './scene.ts'

const run = promisify(execFile)

/** Runs a command as it is shown in a shell; the hosts of the documents are this server. Answers its output. */
const inShell = async (command: string, origin: string): Promise<string> => {
  const { port } = new URL(origin)
  const mapped = command.replace(/^curl /, `curl --silent --show-error --connect-to ::127.0.0.1:${port} `)
  return (await run('bash', ['-c', mapped])).stdout
}

const statusOf = (output: string): string | undefined => /^HTTP\/1.1 (\d{3})/.exec(output)?.[1]

test('what the documents tell people to click', async (t) => {
  const scene = await dashboardScene(t, { file: seeds })
  if (!scene) return
  const { origin, browser } = scene
  const ada = await scene.person()
  const organization = await scene.organization(ada, 'Analytical Engines', 'pro')

  /** At /login, with e-mail and password, which leads to the organizations; from there to the one. */
  const logIn = async (): Promise<Page> => {
    const page = await (await browser.newContext()).newPage()
    await page.goto(`${origin}/login`)
    await page.getByLabel('E-mail').fill(ada.email)
    await page.getByLabel('Password').fill(password)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.waitForURL(`${origin}/organizations`)
    await page.getByRole('link', { name: 'Analytical Engines' }).click()
    await page.waitForURL(`${origin}/organizations/${organization}`)
    return page
  }

  const shown = async (dialog: Locator, label: string): Promise<string> =>
    (await dialog.getByRole('group', { name: label, exact: true }).textContent()) ?? ''

  const createKey = async (
    page: Page,
    name: string,
    environment?: string,
  ): Promise<{ key: string; command: string }> => {
    await page.getByRole('button', { name: 'Create API Key' }).first().click()
    const form = page.getByRole('dialog')
    await form.getByRole('textbox', { name: 'Name' }).fill(name)
    if (environment !== undefined) await form.getByRole('radio', { name: environment }).check()
    await form.getByRole('button', { name: 'Create API Key' }).click()
    const secret = page.getByRole('dialog', { name: 'API key created' })
    const made = { key: await shown(secret, 'key'), command: await shown(secret, 'command') }
    await secret.getByRole('button', { name: 'Copy key' }).click()
    await secret.getByRole('button', { name: 'Done' }).click()
    await secret.waitFor({ state: 'detached' })
    assert.equal((await page.content()).includes(made.key), false, 'it is shown once')
    return made
  }

  const revokeKey = async (page: Page, name: string): Promise<void> => {
    await page.getByRole('button', { name: `Revoke ${name}` }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('refused from its next request on').waitFor()
    await dialog.getByRole('button', { name: 'Revoke API Key' }).click()
    await dialog.waitFor({ state: 'detached' })
  }

  const askWith = (key: string, url: string): Promise<string> =>
    inShell(`curl -i -H "Authorization: Bearer ${key}" ${url}`, origin)

  await t.test('001: log in, organization, Create API Key, copy; later find it and Revoke', async () => {
    const page = await logIn()
    const { key, command } = await createKey(page, 'Production API Key')
    assert.match(key, /^sk_(?:live_)?[0-9a-f]{64}$/)
    assert.equal(statusOf(await inShell(command, origin)), '200')
    const embeddings = 'http://localhost:8000/v1/embeddings'
    assert.equal(statusOf(await askWith(key, embeddings)), '200')
    await page.goto(`${origin}/organizations/${organization}`)
    await revokeKey(page, 'Production API Key')
    assert.equal(statusOf(await askWith(key, embeddings)), '401')
    assert.equal(statusOf(await inShell(command, origin)), '401')
    await page.context().close()
  })

  await t.test('000: Settings > API Keys, Create Client, a token, the organizations', async () => {
    const page = await logIn()
    await page.getByRole('link', { name: 'API Keys' }).click()
    await page.getByRole('heading', { level: 1, name: 'API Keys' }).waitFor()
    await page.getByRole('button', { name: 'Create Client' }).first().click()
    const form = page.getByRole('dialog')
    await form.getByRole('textbox', { name: 'Name' }).fill('Billing worker')
    await form.getByRole('button', { name: 'Create Client' }).click()
    const secret = page.getByRole('dialog', { name: 'Copy your client secret' })
    const [id, value] = [await shown(secret, 'client ID'), await shown(secret, 'client secret')]
    const token = async (): Promise<Record<string, unknown>> =>
      JSON.parse(
        await inShell(
          `curl -X POST http://auth.smoo.localhost/token -H "Content-Type: application/x-www-form-urlencoded" -d "grant_type=client_credentials" -d "client_id=${id}" -d "client_secret=${value}"`,
          origin,
        ),
      ) as Record<string, unknown>
    const answer = await token()
    assert.equal(answer.expires_in, 3600)
    const asked = () => askWith(String(answer.access_token), 'http://api.smoo.localhost/organizations')
    const organizations = await asked()
    assert.equal(statusOf(organizations), '200')
    assert.match(organizations, new RegExp(organization))
    await secret.getByRole('button', { name: 'Done' }).click()
    await secret.getByRole('button', { name: 'Close without copying' }).click()
    await page.waitForURL(`${origin}/organizations/${organization}/settings/clients/${id}`)
    await page.getByRole('button', { name: 'Delete client' }).click()
    const dialog = page.getByRole('dialog')
    const typed = dialog.getByRole('textbox')
    if ((await typed.count()) > 0) await typed.fill('Billing worker')
    await dialog.getByRole('button', { name: 'Delete client' }).click()
    await dialog.waitFor({ state: 'detached' })
    assert.equal(statusOf(await asked()), '401', 'the token that it had')
    assert.deepEqual(await token(), { error: 'invalid_client', error_description: 'Client authentication failed' })
    await page.context().close()
  })

  await t.test(
    '002 and 004: a key of the settings page calls; live and test go to their own; revoked there, it fails',
    async () => {
      const page = await logIn()
      await page.getByRole('link', { name: 'API Keys' }).click()
      const live = await createKey(page, 'Live server', 'live')
      const trial = await createKey(page, 'Staging server', 'test')
      assert.match(live.key, /^sk_live_/)
      assert.match(trial.key, /^sk_test_/)
      const users = 'http://api.multi.localhost/v1/users'
      const me = 'http://api.example.localhost/api/v1/users/me'
      const [atLive, atTest] = [await askWith(live.key, users), await askWith(trial.key, users)]
      assert.match(atLive, /"upstream":"live"/)
      assert.match(atTest, /"upstream":"test"/)
      assert.equal(statusOf(await askWith(live.key, me)), '200')
      const row = page.getByRole('row', { name: /Live server/ })
      await page.goto(`${origin}/organizations/${organization}/settings/api-keys`)
      await row.getByRole('button', { name: 'Actions for Live server' }).click()
      await page.getByRole('button', { name: 'Revoke', exact: true }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Revoke API Key' }).click()
      await page.getByRole('dialog').waitFor({ state: 'detached' })
      for (const url of [users, me]) assert.equal(statusOf(await askWith(live.key, url)), '401')
      assert.equal(statusOf(await askWith(trial.key, users)), '200')
      await page.context().close()
    },
  )

  await t.test('two people in two organizations see and touch nothing of each other', async () => {
    const bob = await scene.person({ email: 'bob@example.com', name: 'Bob' })
    const secretName = `Secret of ${randomUUID()}`
    await scene.launched.operate('POST', `/organizations/${organization}/api-keys`, {
      name: secretName,
      user_id: ada.id,
    })
    const page = await scene.page(bob)
    await scene.organization(bob, 'Other Works')
    const pages = [
      '',
      '/usage',
      '/requests',
      '/alerts',
      '/audit',
      '/settings',
      '/settings/api-keys',
      '/settings/members',
      '/settings/webhooks',
    ]
    for (const path of pages) {
      const answers: number[] = []
      const listen = (response: { url: () => string; status: () => number }): void => {
        if (response.url().includes(`/api/v1/organizations/${organization}`)) answers.push(response.status())
      }
      page.on('response', listen)
      await page.goto(`${origin}/organizations/${organization}${path}`)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await page.waitForLoadState('networkidle')
      page.off('response', listen)
      assert.ok(
        answers.length > 0 && answers.every((status) => status === 403 || status === 404),
        `${path}: ${answers.join()}`,
      )
      const text = await page.content()
      for (const word of [secretName, 'Analytical Engines', 'ada@example.com'])
        assert.equal(text.includes(word), false, path)
    }
    await page.context().close()
  })
})
