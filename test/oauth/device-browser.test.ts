// RFC 8628 §3.3 in a real browser: `latchkey login`, the address that it prints, signing in, and allowing it; accessible in every look.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accessibilityFaults, browserOrSkip, inEveryLook, isTooWide } from '../browser.ts'
import { command, commandJson, startCommand, startServer } from '../processes.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const password = 'correct horse battery staple'

test('the command line signs in through the browser', async (t) => {
  const browser = await browserOrSkip(t)
  if (!browser) return
  const [folder, laptop] = [temporaryFolder(t), temporaryFolder(t)]
  const person = ['--email', 'ada@example.com', '--name', 'Ada', '--password-stdin', '--json']
  const created = await command(folder, ['users', 'create', ...person], { input: password })
  const { id } = JSON.parse(created.stdout) as { id: string }
  for (const name of ['Acme', 'Globex']) await commandJson(folder, 'orgs', 'create', '--name', name, '--owner', id)
  const server = await startServer(t, folder)
  const url = `http://localhost:${server.port}`

  const login = startCommand(laptop, ['login', '--url', url])
  const printed = /Open (http:\S+)\nand see that it shows the code ([A-Z-]{9})/
  while (!printed.test(login.stderr())) await new Promise((resolve) => setTimeout(resolve, 20))
  const [, address = '', code = ''] = printed.exec(login.stderr()) ?? []
  const page = await browser.newPage()
  await page.goto(address)
  await page.getByLabel('E-mail').fill('ada@example.com')
  await page.getByLabel('Password').fill(password)
  await page.keyboard.press('Enter')
  await page.waitForURL(address)
  assert.match(await page.locator('main').innerText(), new RegExp(code))
  await page.getByLabel('Organization').selectOption('All of my organizations')
  await page.getByRole('button', { name: 'Allow' }).click()
  await page.getByRole('heading', { name: 'Your device is connected' }).waitFor()
  const { status, stdout } = await login.ended
  assert.equal(status, 0)
  assert.match(stdout, /^Signed in to .+ as ada@example\.com\./)
  const { data } = await commandJson<{ data: { name: string }[] }>(laptop, 'orgs', 'list', '--url', url)
  assert.deepEqual(data.map(({ name }) => name).toSorted(), ['Acme', 'Globex'])

  // the pages as everybody sees them
  const cookies = await page.context().cookies()
  const device = await server.ask('POST', '/oauth/device_authorization', {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'client_id=latchkey-cli&scope=manage',
  })
  const { verification_uri_complete: waiting } = device.json<{ verification_uri_complete: string }>()
  await inEveryLook(browser, async (other, look) => {
    await other.context().addCookies(cookies)
    for (const shown of [`${url}/device?user_code=BBBB-BBBB`, waiting]) {
      await other.goto(shown)
      assert.deepEqual(await accessibilityFaults(other), [], `${look} ${shown}`)
      assert.equal(await isTooWide(other), false, `${look} ${shown}`)
    }
  })
  await page.goto(`${url}/device`)
  await page.keyboard.type(new URL(waiting).searchParams.get('user_code')?.toLowerCase().replace('-', ' ') ?? '')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Deny' }).click()
  await page.getByRole('heading', { name: 'Nothing was allowed' }).waitFor()
})
