// RFC 8628 §3.3 in a real browser: the code is typed, the person looks and allows, by keyboard alone and in every look.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertInOrder, browserOrSkip } from '../browser.ts'
import { addPerson, password } from '../visitor.ts'
import { deviceGrant } from './device-scene.ts'
import { token } from './flow.ts'
import { listening } from './listening.ts'

test('a device is connected by keyboard, and another is turned away', async (t) => {
  const browser = await browserOrSkip(t)
  if (!browser) return
  const { launched, issuer, acme } = await listening(t)
  const person = await addPerson(launched)
  await launched.operate('POST', '/organizations', { name: 'Analytical Engines', owner: person })
  const client = await acme.client({ name: 'Television', public: true, grants: [deviceGrant] })
  const start = async () =>
    (
      await launched.ask('POST', '/oauth/device_authorization', {
        form: { client_id: client.client_id, scope: 'read' },
      })
    ).json<{ device_code: string; user_code: string; verification_uri: string }>()
  const collect = (device_code: string) =>
    token(launched, { client_id: client.client_id }, { grant_type: deviceGrant, device_code })
  const page = await browser.newPage()
  const check = (): Promise<void> => assertInOrder(page, page.url())
  const press = async (button: string): Promise<void> => {
    for (let presses = 0; (await page.evaluate('document.activeElement.textContent')) !== button; presses++) {
      assert.ok(presses < 5, `${button} is reached within a few presses`)
      await page.keyboard.press('Tab')
    }
    await page.keyboard.press('Enter')
  }
  const { device_code, user_code, verification_uri } = await start()
  assert.equal(verification_uri, `${issuer.origin}/device`)
  await page.goto(verification_uri)
  await page.locator('#email:focus').waitFor()
  await page.keyboard.type('ada@example.com')
  await page.keyboard.press('Tab')
  await page.keyboard.type(password)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Connect a device' }).waitFor()
  await check()
  await page.locator('#user_code:focus').waitFor()
  await page.keyboard.type('WRNG-CDEX')
  await page.keyboard.press('Enter')
  await page.locator('#user_code-mistake').waitFor()
  await check()
  await page.getByLabel('Code').fill(user_code.toLowerCase().replace('-', ' '))
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Allow Television?' }).waitFor()
  await check()
  await press('Allow')
  await page.getByRole('heading', { name: 'Your device is connected' }).waitFor()
  await check()
  assert.equal((await collect(device_code)).status, 200)

  const unwanted = await start()
  await page.goto(`${verification_uri}?user_code=${unwanted.user_code}`)
  await press('Deny')
  await page.getByRole('status').waitFor()
  await check()
  assert.equal((await collect(unwanted.device_code)).body.error, 'access_denied')
})
