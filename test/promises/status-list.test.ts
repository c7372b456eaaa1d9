// An offline verifier learns of every revocation: the place of a token outlives the process that made it, and any process serves the list.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { inflateSync } from 'node:zlib'
import { decodeJwt } from 'jose'
import { type Running, commandJson, makeOwner, startServer } from '../processes.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const configuration = `export default { apis: { orders: { audience: 'https://orders.example.com', statusList: true } } }`

const invalid = async (server: Running, token: string): Promise<boolean> => {
  const { status_list: place } = decodeJwt<{ status: { status_list: { idx: number; uri: string } } }>(token).status
  const { status, text } = await server.ask('GET', new URL(place.uri).pathname)
  assert.equal(status, 200, text)
  const { lst } = decodeJwt<{ status_list: { lst: string } }>(text).status_list
  return (((inflateSync(Buffer.from(lst, 'base64url'))[place.idx >> 3] ?? 0) >> (place.idx & 7)) & 1) === 1
}

test('a token answered before kill -9 is shown as revoked by the process that comes after, each of 200 made at once', async (t) => {
  const folder = temporaryFolder(t)
  const file = join(folder, 'status.config.ts')
  writeFileSync(file, configuration)
  const env = { LATCHKEY_CONFIG: file, LATCHKEY_URL: 'http://localhost:8000' }
  const first = await startServer(t, folder, env)
  const { organizationId } = await makeOwner(folder)
  const make = () =>
    commandJson<{ client_id: string; client_secret: string }>(
      folder,
      'clients',
      'create',
      '--org-id',
      organizationId,
      '--name',
      'C',
    )
  const [ended, kept] = [await make(), await make()]
  const issue = async ({ client_id, client_secret }: typeof ended): Promise<string> => {
    const answer = await first.ask('POST', '/oauth/token', {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ grant_type: 'client_credentials', client_id, client_secret }).toString(),
    })
    assert.equal(answer.status, 200, answer.text)
    return answer.json<{ access_token: string }>().access_token
  }
  const tokens = await Promise.all(Array.from({ length: 200 }, (_, index) => issue(index % 2 ? ended : kept)))
  await first.end('SIGKILL')
  const second = await startServer(t, folder, env)
  await commandJson(folder, 'clients', 'delete', '--client-id', ended.client_id)
  for (const [index, token] of tokens.entries())
    assert.equal(await invalid(second, token), index % 2 === 1, `token ${index}`)
})
