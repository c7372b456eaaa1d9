// What a person allowed a client is remembered for the addresses that it had then: a client that names another one later, or whoever has
// taken its registration over, is not sent a code there unasked (RFC 6749 §10.2, RFC 9700 §4.1).
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { launch, seeds, stoppedClock, world } from '../harness.ts'
import { allowedCode, authorize, pkce, signIn } from '../oauth/flow.ts'

const mine = 'https://app.example.com/callback'
const other = 'https://evil.example.net/callback'

test('a redirect URI that a client has not had when it was allowed is asked about', async (t) => {
  const clock = stoppedClock('2026-02-01T12:00:00Z')
  const launched = await launch(t, {
    file: { ...seeds, oauth: { registration: 'open', clientMetadataDocuments: true } },
    now: clock,
  })
  const { ask, config, operate } = launched
  const acme = await world(launched)
  const browser = await signIn(launched, acme.owner, clock())
  const request = (client_id: string, redirect_uri: string) => ({
    client_id,
    redirect_uri,
    response_type: 'code',
    resource: config.apis.get('example')?.audience ?? '',
    scope: 'read',
    code_challenge: pkce().challenge,
    code_challenge_method: 'S256',
  })
  const status = async (client_id: string, redirect_uri: string): Promise<number> =>
    (await authorize(launched, browser, request(client_id, redirect_uri))).statusCode

  /** Makes a client, and answers how it comes to have other addresses. */
  const ways: Record<string, () => Promise<{ client_id: string; change: (uris: string[]) => Promise<unknown> }>> = {
    async 'by its registration (RFC 7592 §2.2)'() {
      const body = { client_name: 'App', redirect_uris: [mine, `${mine}/2`], token_endpoint_auth_method: 'none' }
      const { client_id, ...made } = (await ask('POST', '/oauth/register', { body })).json<Record<string, string>>()
      let as = made.registration_access_token ?? ''
      return {
        client_id: client_id ?? '',
        async change(redirect_uris) {
          const changed = await ask('PUT', `/oauth/register/${client_id}`, {
            as,
            body: { ...body, client_id, redirect_uris },
          })
          assert.equal(changed.statusCode, 200, changed.body)
          as = changed.json<Record<string, string>>().registration_access_token ?? ''
        },
      }
    },
    async 'by who manages it'() {
      const { client_id } = await acme.client({ public: true, redirect_uris: [mine, `${mine}/2`] })
      return {
        client_id,
        change: (redirect_uris) => operate('PATCH', `/clients/${client_id}`, { redirect_uris }),
      }
    },
    async 'by its metadata document'() {
      let document = {}
      const site = createServer((_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document))
      })
      await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve))
      t.after(() => void site.close())
      const client_id = `http://127.0.0.1:${(site.address() as AddressInfo).port}/client.json`
      const change = async (redirect_uris: string[]): Promise<void> => {
        document = { client_id, redirect_uris, token_endpoint_auth_method: 'none' }
        clock.advance(25 * 3_600_000) // longer than any document is kept
      }
      await change([mine, `${mine}/2`])
      return { client_id, change }
    },
  }
  for (const [name, make] of Object.entries(ways))
    await t.test(name, async () => {
      const { client_id, change } = await make()
      await allowedCode(launched, browser, request(client_id, mine))
      assert.equal(await status(client_id, mine), 303, 'remembered')
      await change([mine])
      assert.equal(await status(client_id, mine), 303, 'with fewer addresses too')
      await change([mine, other])
      assert.equal(await status(client_id, other), 200, 'asked')
      await allowedCode(launched, browser, request(client_id, other))
      assert.equal(await status(client_id, other), 303)
    })
})
