// RFC 6749 §4.1.2, RFC 9700 §4.14.2, CONTRACT §5.1: what may be used once is used once, and what was taken back is gone, whichever process is asked.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { LatchkeyConfig } from '../../src/config/config.ts'
import { launch, world } from '../harness.ts'
import { type Asked, type TokenAnswer, allowedCode, pkce, signIn, token } from '../oauth/flow.ts'
import { type Running, startServer } from '../processes.ts'
import { temporarySchema, urlOf, withPostgres } from '../store/postgres-server.ts'
import { type Cleanup, temporaryFolder } from '../temporary-folder.ts'

const file: LatchkeyConfig = {
  defaultApi: 'orders',
  apis: { orders: { hosts: ['orders.test'], upstream: 'echo', scopes: { read: 'Read', write: 'Write' }, limits: [] } },
}
const redirect_uri = 'https://shop.example.com/callback'
const rounds = 200

/** A running server as the flow asks it. */
const asked = (server: Running): Asked => ({
  async ask(method, url, { host, headers = {}, form }) {
    const { status, text, json, ...answer } = await server.ask(method, url, {
      ...(host !== undefined && { host }),
      headers: { ...headers, ...(form && { 'content-type': 'application/x-www-form-urlencoded' }) },
      ...(form && { body: new URLSearchParams(form).toString() }),
    })
    return { statusCode: status, headers: answer.headers, body: text, json }
  },
})

/** A person signed in at two servers on one store, with a client. `place`: where the store is. */
const deployment = async (t: Cleanup, place: NodeJS.ProcessEnv) => {
  const folder = temporaryFolder(t)
  const env = {
    ...place,
    LATCHKEY_CONFIG: join(folder, 'latchkey.config.ts'),
    LATCHKEY_SECRET: 'shared by every process on this store',
  }
  writeFileSync(env.LATCHKEY_CONFIG, `export default ${JSON.stringify(file)}`)
  const launched = await launch(t, { folder, env, file })
  const acme = await world(launched)
  const client = await acme.client({ redirect_uris: [redirect_uri] })
  const browser = await signIn(launched, acme.owner)
  const servers = [await startServer(t, folder, env), await startServer(t, folder, env)] as const
  const { verifier, challenge } = pkce()
  const code = (server: Running, of = client): Promise<string> =>
    allowedCode(asked(server), browser, {
      client_id: of.client_id,
      redirect_uri,
      response_type: 'code',
      scope: 'read write',
      code_challenge: challenge,
      code_challenge_method: 'S256',
    })
  const redeem = (server: Running, value: string, of = client) =>
    token(asked(server), of, {
      grant_type: 'authorization_code',
      code: value,
      redirect_uri,
      code_verifier: verifier,
    })
  return {
    launched,
    acme,
    client,
    servers,
    code,
    redeem,
    /** The tokens of a new grant. */
    allowed: async (server: Running, of = client): Promise<Required<TokenAnswer>> => {
      const { status, body } = await redeem(server, await code(server, of), of)
      assert.equal(status, 200, JSON.stringify(body))
      return body as Required<TokenAnswer>
    },
    refresh: (server: Running, refresh_token: string) =>
      token(asked(server), client, { grant_type: 'refresh_token', refresh_token }),
    use: async (server: Running, accessToken: string): Promise<number> => {
      const headers = { authorization: `Bearer ${accessToken}` }
      return (await server.ask('GET', '/', { host: 'orders.test', headers })).status
    },
    /** How many refresh tokens of the person could still be used. */
    live: async (): Promise<number> => {
      const rows = await launched.app.store.db
        .selectFrom('refresh_tokens')
        .innerJoin('grants', 'grants.id', 'refresh_tokens.grant_id')
        .select('refresh_tokens.hash')
        .where('rotated_at', 'is', null)
        .where('revoked_at', 'is', null)
        .execute()
      return rows.length
    },
  }
}

type Deployment = Awaited<ReturnType<typeof deployment>>

const inTurns = <T>({ servers }: Deployment, times: number, work: (server: Running, index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: times }, (_, index) => work(servers[index % 2] as Running, index)))

const stories = (store: string, place: (t: TestContext) => Promise<NodeJS.ProcessEnv>): void => {
  test(`a code of 100 requests at once over two processes on ${store} gives tokens once, and then nothing stands`, async (t) => {
    const given = await deployment(t, await place(t))
    const { servers, code, redeem, use, refresh, live } = given
    for (let round = 0; round < 3; round++) {
      const value = await code(servers[0])
      const answers = await inTurns(given, 100, (server) => redeem(server, value))
      const [good, ...others] = answers.filter(({ status }) => status === 200)
      assert.ok(good && others.length === 0, `${others.length + 1} times`)
      for (const { status, body } of answers)
        if (status !== 200) assert.deepEqual([status, body.error], [400, 'invalid_grant'])
      const { access_token, refresh_token = '' } = good.body
      for (const server of servers) {
        assert.equal(await use(server, access_token), 401)
        assert.equal((await refresh(server, refresh_token)).body.error, 'invalid_grant')
      }
      assert.equal(await live(), 0)
    }
  })

  test(`a refresh token of 50 requests at once over two processes on ${store} has one successor, or its family ends`, async (t) => {
    const given = await deployment(t, await place(t))
    const { servers, allowed, refresh, use, live } = given
    const first = await allowed(servers[0])
    const answers = await inTurns(given, 50, (server) => refresh(server, first.refresh_token))
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]), 'within the seconds of grace')
    const [next, ...others] = new Set(answers.map(({ body }) => body.refresh_token as string))
    assert.deepEqual(others, [])
    assert.equal(await live(), 1)
    assert.equal(await use(servers[1], answers[0]?.body.access_token as string), 200)

    // the old one and the new one mixed: as soon as the new one is used, the old one is stolen
    const mixed = await inTurns(given, 50, (server, index) =>
      refresh(server, index % 4 < 2 ? (next as string) : first.refresh_token),
    )
    const stolen = await refresh(servers[1], first.refresh_token)
    assert.equal(stolen.body.error, 'invalid_grant')
    assert.equal(await live(), 0)
    for (const { body } of [...answers, ...mixed]) {
      if (body.access_token === undefined) continue
      for (const server of servers) assert.equal(await use(server, body.access_token), 401)
      assert.equal((await refresh(servers[0], body.refresh_token as string)).body.error, 'invalid_grant')
    }
  })

  test(`a grant revoked through one process on ${store} is refused by the other at its very next request, ${rounds} times of ${rounds}, under load`, async (t) => {
    const given = await deployment(t, await place(t))
    const { servers, allowed, refresh, use, client, acme } = given
    const steady = await allowed(servers[0], await acme.client({ redirect_uris: [redirect_uri] }))
    const asPerson = { authorization: `Bearer ${(await acme.token()).token}` }
    let loading = true
    const load = Promise.all(
      Array.from({ length: 4 }, async (_, index) => {
        let served = 0
        for (; loading; served++) assert.equal(await use(servers[index % 2] as Running, steady.access_token), 200)
        return served
      }),
    )
    let refused = 0
    for (let round = 0; round < rounds; round++) {
      const [here, there] = round % 2 === 0 ? servers : servers.toReversed()
      const { access_token, refresh_token } = await allowed(here)
      assert.equal(await use(there, access_token), 200)
      // by the client, and by the person
      const answer =
        round % 4 < 2
          ? await asked(here).ask('POST', '/oauth/revoke', { form: { ...client, token: refresh_token } })
          : await asked(here).ask('DELETE', `/api/v1/account/applications/${client.client_id}`, { headers: asPerson })
      assert.equal(answer.statusCode, 200, answer.body)
      if ((await use(there, access_token)) === 401) refused++
      if (round % 20 === 0) assert.equal((await refresh(there, refresh_token)).body.error, 'invalid_grant')
    }
    loading = false
    assert.equal(refused, rounds)
    assert.ok((await load).every((served) => served > 0))
  })
}

stories('SQLite', () => Promise.resolve({}))

await withPostgres('codes, refresh tokens and revoked grants over two processes on Postgres', () =>
  stories('Postgres', async (t) => ({ DATABASE_URL: urlOf(await temporarySchema(t)) })),
)
