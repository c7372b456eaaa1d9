// Whatever ends or narrows access holds at the very next request to another process: for the credential and for every JWT and CWT made from it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LatchkeyConfig } from '../../src/config/config.ts'
import { type Launched, launch, world } from '../harness.ts'

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

interface Scene {
  here: Launched
  acme: Awaited<ReturnType<typeof world>>
  member: string
  legacy: string
}

type Credentials = Record<'key' | 'token' | 'legacy' | 'client', string[]>

interface Ending {
  what: string
  end: (scene: Scene & { ids: Record<'key' | 'token' | 'legacy' | 'client', string> }) => Promise<unknown>
  /** Which go, with the status of a GET; a POST where it is the scope. */
  gone: Partial<Record<keyof Credentials, 401 | 403>>
  method?: 'POST'
}

const endings: readonly Ending[] = [
  { what: 'a key revoked', end: ({ here, ids }) => here.operate('DELETE', `/api-keys/${ids.key}`), gone: { key: 401 } },
  {
    what: 'a key rotated without overlap',
    end: ({ here, ids }) => here.operate('POST', `/api-keys/${ids.key}/rotate`, { overlap_seconds: 0 }),
    gone: { key: 401 },
  },
  {
    what: 'a key’s scopes narrowed',
    end: ({ here, ids }) => here.operate('PATCH', `/api-keys/${ids.key}`, { scopes: 'read' }),
    gone: { key: 403 },
    method: 'POST',
  },
  {
    what: 'a token revoked',
    end: ({ here, ids }) => here.operate('DELETE', `/tokens/${ids.token}`),
    gone: { token: 401 },
  },
  {
    what: 'a legacy token deleted',
    end: ({ here, ids }) => here.operate('DELETE', `/legacy-tokens/${ids.legacy}`),
    gone: { legacy: 401 },
  },
  {
    what: 'a client deleted',
    end: ({ here, ids }) => here.operate('DELETE', `/clients/${ids.client}`),
    gone: { client: 401 },
  },
  {
    what: 'a client’s scopes narrowed',
    end: ({ here, ids }) => here.operate('PATCH', `/clients/${ids.client}`, { scopes: 'read' }),
    gone: { client: 403 },
    method: 'POST',
  },
  {
    what: 'a member removed',
    end: ({ here, acme, member }) => here.operate('DELETE', `/organizations/${acme.organization}/members/${member}`),
    gone: { token: 403, legacy: 403 },
  },
  {
    what: 'a member made viewer',
    end: ({ here, acme, member }) =>
      here.operate('PATCH', `/organizations/${acme.organization}/members/${member}`, { role: 'viewer' }),
    gone: { token: 403, legacy: 403 },
    method: 'POST',
  },
  {
    what: 'a user suspended',
    end: ({ here, member }) => here.operate('PATCH', `/users/${member}`, { suspended: true }),
    gone: { token: 401, legacy: 401 },
  },
  {
    what: 'a user deleted',
    end: ({ here, member }) => here.operate('DELETE', `/users/${member}`),
    gone: { token: 401, legacy: 401 },
  },
  {
    what: 'an organization suspended',
    end: ({ here, acme }) => here.operate('PATCH', `/organizations/${acme.organization}`, { suspended: true }),
    gone: { key: 401, client: 401, token: 403, legacy: 403 },
  },
  {
    what: 'an organization deleted',
    end: ({ here, acme }) => here.operate('DELETE', `/organizations/${acme.organization}`),
    gone: { key: 401, client: 401, token: 403, legacy: 401 },
  },
]

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
