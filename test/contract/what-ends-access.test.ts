// Whatever ends or narrows access holds at the very next request to another process: for the credential and for every JWT and CWT made from it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LatchkeyConfig } from '../../src/config/config.ts'
import { launch, world } from '../harness.ts'
import { type Credentials, endings } from './endings.ts'

const file: LatchkeyConfig = {
  apis: {
    books: {
      hosts: ['books.test'],
      upstream: { live: 'echo', test: 'echo' },
      accepts: ['api_key', 'personal_access_token', 'legacy_token', 'oauth_token', 'jwt', 'cwt'],
      legacyTokens: { deprecatedAt: '2026-01-01', sunsetAt: '2027-01-01', link: 'https://docs.example.com' },
      requiredScopes: [{ methods: ['POST'], scopes: ['write'] }],
      limits: [],
    },
  },
}

test('each of them, at another process', async (t) => {
  const here = await launch(t, { file })
  const there = await launch(t, { file, folder: here.folder })
  const form = async (fields: Record<string, string>): Promise<string> => {
    const answer = await here.ask('POST', '/oauth/token', { form: { ...fields, audience: 'books' } })
    assert.equal(answer.statusCode, 200, answer.body)
    return answer.json<{ access_token: string }>().access_token
  }
  const exchanged = (subject_token: string, kind: string): Promise<string[]> =>
    Promise.all(
      ['urn:ietf:params:oauth:token-type:jwt', 'urn:latchkey:params:oauth:token-type:cwt'].map((requested_token_type) =>
        form({
          grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
          subject_token,
          subject_token_type: `urn:latchkey:params:oauth:token-type:${kind}`,
          requested_token_type,
        }),
      ),
    )
  const status = async (as: string, method: string): Promise<number> =>
    (await there.ask(method, '/', { host: 'books.test', as })).statusCode
  let round = 0
  for (const { what, end, gone, method = 'GET' } of endings) {
    round += 1
    const acme = await world(here)
    const { id: member } = await here.operate<{ id: string }>('POST', '/users', {
      email: `m${round}@example.com`,
      name: 'M',
    })
    await here.operate('POST', `/organizations/${acme.organization}/members`, { user_id: member, role: 'member' })
    const key = await acme.key()
    const token = await here.operate<{ id: string; token: string }>('POST', `/users/${member}/tokens`, {
      name: 'T',
      all_organizations: true,
    })
    const legacy = `an-opaque-value-number-${round}`
    await here.operate('POST', '/legacy-tokens/import', {
      lines: [{ line: 2, name: legacy, owner: member, organization: acme.organization, token: legacy }],
    })
    const client = await acme.client()
    const credentials: Credentials = {
      key: [key.key, ...(await exchanged(key.key, 'api-key'))],
      token: [token.token, ...(await exchanged(token.token, 'personal-access-token'))],
      legacy: [legacy],
      client: [
        await form({
          grant_type: 'client_credentials',
          client_id: client.client_id,
          client_secret: client.client_secret,
        }),
      ],
    }
    const ids = {
      key: key.id,
      token: token.id,
      legacy: (await here.operate<{ data: { id: string; name: string }[] }>('GET', '/legacy-tokens')).data.find(
        ({ name }) => name === legacy,
      )?.id as string,
      client: client.client_id,
    }
    const all = Object.entries(credentials) as [keyof Credentials, string[]][]
    for (const [kind, values] of all)
      for (const value of values) assert.equal(await status(value, method), 200, `${kind} before ${what}`)
    await end({ here, acme, member, legacy, ids })
    for (const [kind, values] of all)
      for (const [index, value] of values.entries())
        assert.equal(await status(value, method), gone[kind] ?? 200, `${kind} (${index}) after ${what}`)
  }
})
