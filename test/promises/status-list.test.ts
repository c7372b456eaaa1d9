// An offline verifier learns of every revocation: the place of a token outlives the process that made it, and any process serves the list.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { inflateSync } from 'node:zlib'
import { decodeJwt } from 'jose'
import { launch, world } from '../harness.ts'
import { type Running, startServer } from '../processes.ts'
import { temporarySchema, urlOf, withPostgres } from '../store/postgres-server.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const apis = { orders: { audience: 'https://orders.example.com', statusList: true } }
const configuration = `export default ${JSON.stringify({ apis })}`

const invalid = async (server: Running, token: string): Promise<boolean> => {
  const { status_list: place } = decodeJwt<{ status: { status_list: { idx: number; uri: string } } }>(token).status
  const { status, text } = await server.ask('GET', new URL(place.uri).pathname)
  assert.equal(status, 200, text)
  const { lst } = decodeJwt<{ status_list: { lst: string } }>(text).status_list
  return (((inflateSync(Buffer.from(lst, 'base64url'))[place.idx >> 3] ?? 0) >> (place.idx & 7)) & 1) === 1
}

const story = async (t: TestContext, place: NodeJS.ProcessEnv): Promise<void> => {
  const folder = temporaryFolder(t)
  const file = join(folder, 'status.config.ts')
  writeFileSync(file, configuration)
  const env = {
    ...place,
    LATCHKEY_CONFIG: file,
    LATCHKEY_URL: 'http://localhost:8000',
    LATCHKEY_SECRET: 'shared by every process on this store',
  }
  const launched = await launch(t, { folder, env, file: { apis } })
  const acme = await world(launched)
  const [ended, kept] = [await acme.client(), await acme.client()]
  const [first, bystander] = [await startServer(t, folder, env), await startServer(t, folder, env)]
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
  await launched.operate('DELETE', `/clients/${ended.client_id}`)
  const after = await startServer(t, folder, env)
  for (const server of [bystander, after])
    for (const [index, token] of tokens.entries())
      assert.equal(await invalid(server, token), index % 2 === 1, `token ${index}`)
}

const title = 'tokens answered before kill -9 are shown as revoked by every other process, each of 200 made at once'

test(`${title}: SQLite`, (t) => story(t, {}))

await withPostgres(`${title}: Postgres`, () => {
  test(`${title}: Postgres`, async (t) => story(t, { DATABASE_URL: urlOf(await temporarySchema(t)) }))
})
