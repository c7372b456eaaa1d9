// Every acknowledged change survives kill -9, and no quota is overspent by it.
import assert from 'node:assert/strict'
import { createHash, randomInt } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Answer, type Running, commandJson, makeOwner, startServer } from '../processes.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const kills = 50
/** Of the free tier, for each calendar month. */
const quota = 1000

/** Small enough to be used up within the test. */
const configuration = `export default {
  apis: {
    books: { hosts: ['localhost'], path: '/books', upstream: 'echo', accepts: ['api_key', 'legacy_token'],
      legacyTokens: { deprecatedAt: '2026-01-01', sunsetAt: '2027-01-01', link: 'https://docs.example.com/legacy' },
      limits: [{ name: 'month', per: 'organization', limit: { free: ${quota}, pro: 1, enterprise: null }, period: 'month' }] },
    open: { hosts: ['localhost'], path: '/open', upstream: 'echo', accepts: ['api_key', 'legacy_token'], limits: [],
      legacyTokens: { deprecatedAt: '2026-01-01', sunsetAt: '2027-01-01', link: 'https://docs.example.com/legacy' } },
  },
}
`

/** undefined: the server died before it answered. */
const attempt = async (answer: Promise<Answer>): Promise<Answer | undefined> => {
  try {
    return await answer
  } catch {
    return undefined
  }
}

test(
  `killed ${kills} times at random moments under load, nothing acknowledged is lost and no quota is overspent`,
  { timeout: 300_000 },
  async (t) => {
    const folder = temporaryFolder(t)
    const LATCHKEY_CONFIG = join(folder, 'latchkey.config.ts')
    writeFileSync(LATCHKEY_CONFIG, configuration)
    const env = { LATCHKEY_CONFIG }
    const { userId, organizationId } = await makeOwner(folder)
    const { token } = await commandJson<{ token: string }>(
      folder,
      'tokens',
      'create',
      '--user-id',
      userId,
      '--name',
      'Operator',
      '--all-organizations',
    )
    const asOwner = { authorization: `Bearer ${token}` }
    const bearer = (credential: string) => ({ headers: { authorization: `Bearer ${credential}` } })
    const create = (server: Running) =>
      attempt(
        server.ask('POST', `/api/v1/organizations/${organizationId}/api-keys`, {
          headers: asOwner,
          body: { name: 'Key' },
        }),
      )

    /** Keys that stay, and those that are revoked one after the other. */
    const live = new Map<string, string>()
    const doomed = new Map<string, string>()
    let made = 0
    const revoked: string[] = []
    const imported: string[] = []
    let admitted = 0
    let spender = ''

    const work: ((server: Running) => Promise<boolean>)[] = [
      async (server) => {
        const answer = await create(server)
        if (answer === undefined) return false
        assert.equal(answer.status, 201, answer.text)
        const { id, key } = answer.json<{ id: string; key: string }>()
        made += 1
        ;(made % 3 === 0 ? live : doomed).set(id, key)
        return true
      },
      async (server) => {
        const [entry] = doomed
        if (entry === undefined) {
          await new Promise((resolve) => setTimeout(resolve, 2))
          return server.child.signalCode === null
        }
        const [id, key] = entry
        doomed.delete(id)
        const answer = await attempt(server.ask('DELETE', `/api/v1/api-keys/${id}`, { headers: asOwner }))
        if (answer?.status === 200) revoked.push(key)
        return answer !== undefined
      },
      async (server) => {
        const values = Array.from({ length: 20 }, () =>
          createHash('sha256').update(String(Math.random())).digest('base64url'),
        )
        const lines = values.map((value, index) => ({
          line: index + 2,
          name: 'Old',
          owner: userId,
          organization: organizationId,
          token: value,
        }))
        const answer = await attempt(
          server.ask('POST', '/api/v1/legacy-tokens/import', { headers: asOwner, body: { lines } }),
        )
        if (answer === undefined) return false
        assert.equal(answer.json<{ imported: number }>().imported, 20, answer.text)
        imported.push(...values)
        return true
      },
      async (server) => {
        const answer = await attempt(server.ask('GET', '/books', bearer(spender)))
        if (answer === undefined) return false
        assert.ok([200, 429].includes(answer.status), answer.text)
        if (answer.status === 200) admitted++
        return true
      },
    ]

    for (let round = 0; round < kills; round++) {
      const server = await startServer(t, folder, env)
      if (spender === '') {
        spender = ((await create(server)) as Answer).json<{ key: string }>().key
      }
      // however slow the machine, the load is on before the kill: so many revocations of this run have been acknowledged, and an import
      const revocations = revoked.length + randomInt(1, 6)
      const lines = imported.length + 20
      const loops = work.map(async (step) => {
        while (await step(server));
      })
      while (revoked.length < revocations || imported.length < lines)
        await new Promise((resolve) => setTimeout(resolve, 5))
      await new Promise((resolve) => setTimeout(resolve, randomInt(0, 50)))
      await server.end('SIGKILL')
      await Promise.all(loops)
    }

    const server = await startServer(t, folder, env)
    const statusOf = async (credential: string) => (await server.ask('GET', '/open', bearer(credential))).status
    for (const key of [...live.values(), ...doomed.values()])
      assert.equal(await statusOf(key), 200, 'an acknowledged key works')
    for (const key of revoked) assert.equal(await statusOf(key), 401, 'an acknowledged revocation holds')
    for (const value of imported) assert.equal(await statusOf(value), 200, 'an acknowledged import line works')
    for (let i = 0; i < quota + 1; i++) {
      const { status } = await server.ask('GET', '/books', bearer(spender))
      if (status === 429) break
      assert.equal(status, 200)
      admitted++
    }
    assert.ok(admitted <= quota, `${admitted} of ${quota} were let in`)
    assert.ok(
      live.size > 0 && revoked.length >= kills && imported.length >= 20 * kills && admitted > kills,
      `the load was real: ${live.size} keys, ${revoked.length} revocations, ${imported.length} lines, ${admitted} requests`,
    )
  },
)
