// Settings → API Keys → Create Client, as the document of Smoo tells it: create, copy, ask for a token, call; rotate, delete.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seeds } from '../harness.ts'
import { enter, onEveryScreen, pick, press, tabTo, tick } from './hands.ts'
import { dashboardScene } from './scene.ts'

test('OAuth clients in a browser', async (t) => {
  const scene = await dashboardScene(t, { file: seeds })
  if (!scene) return
  const { launched, origin } = scene
  const ada = await scene.person()
  const acme = await scene.organization(ada, 'Acme')
  const keys = `/organizations/${acme}/settings/api-keys`
  const tokenFor = (client_id: string, client_secret: string) =>
    launched.ask('POST', '/token', {
      host: 'auth.smoo.localhost',
      form: { grant_type: 'client_credentials', client_id, client_secret },
    })
  const call = async (token: string) => launched.ask('GET', '/organizations', { host: 'api.smoo.localhost', as: token })

  await t.test('a client ID and secret pair is made, copied and used, then rotated and deleted', async () => {
    const page = await scene.page(ada, `/organizations/${acme}`, {
      permissions: ['clipboard-read', 'clipboard-write'],
    })
    await press(page.getByRole('link', { name: 'API Keys' }))
    await page.getByRole('heading', { level: 1, name: 'API Keys' }).waitFor()
    await press(page.getByRole('button', { name: 'Create Client' }).first())
    const form = page.getByRole('dialog', { name: 'Create Client' })
    await tabTo(form.getByRole('textbox', { name: 'Name' }))
    await page.keyboard.type('Nightly export')
    await press(form.getByRole('button', { name: 'Create Client' }))
    const shown = page.getByRole('dialog', { name: 'Copy your client secret' })
    const id = (await shown.getByRole('group', { name: 'client ID' }).textContent()) ?? ''
    await pick(shown.getByLabel('API to try it at'), 'smoo')
    const command = (await shown.getByRole('group', { name: 'command' }).textContent()) ?? ''
    assert.match(command, /^curl -X POST 'http:\/\/auth\.smoo\.localhost:\d+\/oauth\/token'/)
    await press(shown.getByRole('button', { name: 'Copy client secret' }))
    await shown.getByRole('button', { name: 'Copied' }).waitFor()
    const secret = await page.evaluate<string>('navigator.clipboard.readText()')
    assert.match(secret, /^cs_[\w-]{43}$/)
    assert.ok(command.includes(`client_id=${id}`) && command.includes(`client_secret=${secret}`))
    await press(shown.getByRole('button', { name: 'Done' }))
    await page.getByRole('heading', { level: 1, name: 'Nightly export' }).waitFor()
    assert.equal((await page.content()).includes(secret), false, 'it is shown once')

    const answer = await tokenFor(id, secret)
    assert.equal(answer.statusCode, 200, answer.body)
    const { access_token: token } = answer.json<{ access_token: string }>()
    const listed = await call(token)
    assert.deepEqual(
      listed.json<{ data: { id: string }[] }>().data.map((organization) => organization.id),
      [acme],
    )

    await press(page.getByRole('button', { name: 'Rotate secret' }))
    await press(page.getByRole('dialog').getByRole('button', { name: 'Rotate secret' }))
    const next = (await page.getByRole('dialog').getByRole('group', { name: 'client secret' }).textContent()) ?? ''
    await press(page.getByRole('button', { name: 'Done' }))
    await press(page.getByRole('button', { name: 'Close without copying' }))
    assert.deepEqual([(await tokenFor(id, secret)).statusCode, (await tokenFor(id, next)).statusCode], [200, 200])
    await press(page.getByRole('button', { name: `End now cs_…${secret.slice(-4)}` }))
    await press(page.getByRole('dialog').getByRole('button', { name: 'End secret' }))
    await page
      .getByRole('button', { name: /^End now/ })
      .first()
      .waitFor({ state: 'detached' })
    assert.deepEqual([(await tokenFor(id, secret)).statusCode, (await tokenFor(id, next)).statusCode], [401, 200])

    await press(page.getByRole('button', { name: 'Delete client' }))
    const danger = page.getByRole('dialog', { name: 'Delete Nightly export?' })
    assert.equal(await danger.getByRole('button', { name: 'Delete client' }).isDisabled(), true)
    await tabTo(danger.getByRole('textbox'))
    await page.keyboard.type('Nightly export')
    await press(danger.getByRole('button', { name: 'Delete client' }))
    await page.getByRole('heading', { level: 1, name: 'API Keys' }).waitFor()
    assert.deepEqual([(await tokenFor(id, next)).statusCode, (await call(token)).statusCode], [401, 401])
    await page.context().close()
  })

  const web = await launched.operate<{ client_id: string }>('POST', `/organizations/${acme}/clients`, {
    name: 'Web shop',
    redirect_uris: ['https://shop.example.com/callback'],
  })
  const shop = `/organizations/${acme}/settings/clients/${web.client_id}`
  const settings = () => launched.operate('GET', `/clients/${web.client_id}`)

  await t.test('an app that people sign in through: each wrong redirect URI is told by its line', async () => {
    const page = await scene.page(ada, keys)
    await press(page.getByRole('button', { name: 'Create Client' }).first())
    const form = page.getByRole('dialog')
    await tick(form.getByRole('radio', { name: 'Public app' }))
    await enter(form.getByLabel('Name'), 'Phone app')
    await press(form.getByRole('button', { name: 'Create Client' }))
    await form.getByText('Name at least one').waitFor()
    const uris = form.getByLabel('Redirect URIs')
    await enter(uris, 'https://app.example.com/cb\nhttp://app.example.com/cb\nhttps://app.example.com/#x')
    await form.getByText('Line 2 must be https').waitFor()
    await form.getByText('Line 3 has a fragment').waitFor()
    await enter(uris, 'com.example.app:/callback')
    await tick(form.getByRole('radio', { name: 'Only these APIs' }))
    await tick(form.getByRole('checkbox', { name: 'multi' }))
    await press(form.getByRole('button', { name: 'Create Client' }))
    await page.getByRole('heading', { level: 1, name: 'Phone app' }).waitFor()
    assert.equal(await page.getByRole('heading', { name: 'Secrets' }).count(), 0)
    await page.getByText('Public app').waitFor()

    await page.goto(origin + shop)
    const save = page.getByRole('button', { name: 'Save changes' })
    assert.equal(await save.isDisabled(), true)
    await enter(page.getByLabel('Redirect URIs', { exact: true }), 'https://shop.example.com/cb')
    await tick(page.getByRole('radio', { name: 'Only these scopes' }))
    await tick(page.getByRole('checkbox', { name: 'read' }))
    await press(save)
    await page.getByText('Client saved.').waitFor()
    const { redirect_uris: saved, scopes, grants } = await settings()
    assert.deepEqual(
      [saved, scopes, grants],
      [['https://shop.example.com/cb'], 'read', ['authorization_code', 'refresh_token']],
    )
    await page.context().close()
  })

  await t.test('a viewer sees clients and changes nothing; a stranger sees none of them', async () => {
    const bob = await scene.person({ email: 'bob@example.com', name: 'Bob' })
    const page = await scene.page(bob, shop)
    await page
      .getByText('organization_forbidden')
      .or(page.getByRole('heading', { level: 1 }))
      .first()
      .waitFor()
    assert.equal(await page.getByText('Web shop').count(), 0)
    await launched.operate('POST', `/organizations/${acme}/members`, { user_id: bob.id, role: 'viewer' })
    await page.goto(origin + shop)
    await page.getByRole('heading', { level: 1, name: 'Web shop' }).waitFor()
    await page.getByText('https://shop.example.com/cb').waitFor()
    for (const name of ['Delete client', 'Rotate secret', 'Save changes'])
      assert.equal(await page.getByRole('button', { name }).count(), 0, name)
    await page.goto(origin + keys)
    await page.getByRole('link', { name: 'Web shop' }).waitFor()
    assert.equal(await page.getByRole('button', { name: 'Create Client' }).count(), 0)
    await page.context().close()
  })

  await t.test('no page is too wide or at fault, on any screen', async () => {
    await onEveryScreen(scene, ada, async (page, look) => {
      await page.goto(origin + keys)
      await page.getByRole('link', { name: 'Web shop' }).waitFor()
      await press(page.getByRole('button', { name: 'Create Client' }).first())
      await tick(page.getByRole('radio', { name: 'Web app' }))
      await tick(page.getByRole('radio', { name: 'Only these APIs' }))
      await look('create client')
      await page.goto(origin + shop)
      await press(page.getByText('More settings'))
      await page.getByText('It has never been used.').waitFor()
      await look('client')
    })
  })
})
