// Whatever ends or narrows access, each with the credentials that it ends.
import type { Launched, World } from '../harness.ts'

interface Scene {
  here: Launched
  acme: World
  member: string
  legacy: string
}

export type Credentials = Record<'key' | 'token' | 'legacy' | 'client', string[]>

interface Ending {
  what: string
  end: (scene: Scene & { ids: Record<'key' | 'token' | 'legacy' | 'client', string> }) => Promise<unknown>
  /** Which go, with the status of a GET; a POST where it is the scope. */
  gone: Partial<Record<keyof Credentials, 401 | 403>>
  method?: 'POST'
}

export const endings: readonly Ending[] = [
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
