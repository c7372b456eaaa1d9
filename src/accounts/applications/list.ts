// Lists the applications that a person has connected, each with what it may do.
import type { Kysely } from 'kysely'
import type { Config } from '../../config/config.ts'
import { scopeWords } from '../../config/scope-words.ts'
import { formatTime } from '../../rfc3339.ts'
import { type Page, type PageRequest, pageOf, rowsFor } from '../../store/page.ts'
import type { Schema } from '../../store/schema.ts'
import type { Store } from '../../store/store.ts'
import type { Actor } from '../actor.ts'
import { findUser } from '../users/user.ts'
import { type Access, type Application, type ApplicationsPath, liveGrants, personOf } from './application.ts'

type Apis = Pick<Config, 'apis' | 'management'>

interface Allowed {
  client_id: string
  api: string
  organization_id: string | null
  all_organizations: number
  scopes: string
  since: number
}

/** What the person has allowed these clients: a sign-in a day makes hundreds of grants, so those that are alike count as one. */
const allowedTo = async (
  db: Kysely<Schema>,
  userId: string,
  clientIds: readonly string[],
  now: number,
): Promise<Allowed[]> => {
  const granted = await liveGrants(db, userId, now)
    .where('client_id', 'in', clientIds)
    .select(['client_id', 'api', 'organization_id', 'all_organizations', 'scopes'])
    .select((eb) => eb.fn.min('created_at').as('since'))
    .groupBy(['client_id', 'api', 'organization_id', 'all_organizations', 'scopes'])
    .execute()
  const remembered = await db
    .selectFrom('consents')
    .select(['client_id', 'api', 'organization_id', 'scopes', 'created_at as since'])
    .where('user_id', '=', userId)
    .where('client_id', 'in', clientIds)
    .execute()
  return [
    ...granted.map((row) => ({ ...row, since: row.since })),
    ...remembered.map((row) => ({ ...row, all_organizations: 0 })),
  ]
}

/** One entry for each API and organization, with all scopes that were ever allowed there. */
const accessOf = (
  { apis, management }: Apis,
  allowed: readonly Allowed[],
  organizations: ReadonlyMap<string, string>,
): Access[] => {
  const places = Map.groupBy(allowed, (row) => `${row.api} ${row.organization_id ?? row.all_organizations}`)
  return [...places.values()].map((rows) => {
    const [{ api, organization_id, all_organizations }] = rows as [Allowed]
    const scopes = [...new Set(rows.flatMap((row) => row.scopes.split(' ').filter(Boolean)))]
    const configured = api === management.name ? management : apis.get(api)
    return {
      api,
      scopes: scopes.join(' '),
      may: scopes.map((scope) => scopeWords(configured, scope)),
      organization_id,
      organization_name: organization_id === null ? null : (organizations.get(organization_id) ?? null),
      all_organizations: all_organizations === 1,
    }
  })
}

const hostOf = ({ id, registration, uri }: Pick<Schema['clients'], 'id' | 'registration' | 'uri'>): string | null => {
  const address = registration === 'document' ? id : uri
  return address === null || !URL.canParse(address) ? null : new URL(address).host
}

/** In the order of their client ids. Throws as `personOf` does, and `not_found`. */
export const listApplications = async (
  { store, config }: { store: Pick<Store, 'db'>; config: Apis },
  actor: Actor,
  input: ApplicationsPath & PageRequest,
  now: number,
): Promise<Page<Application>> => {
  const userId = personOf(actor, input)
  const { db } = store
  await findUser(db, userId)
  const connected = liveGrants(db, userId, now)
    .select('client_id')
    .union(db.selectFrom('consents').select('client_id').where('user_id', '=', userId))
  let query = db
    .selectFrom('clients')
    .select(['id', 'name', 'registration', 'uri'])
    .where('id', 'in', connected)
    .orderBy('id', 'desc')
    .limit(rowsFor(input))
  if (input.cursor !== undefined) query = query.where('id', '<', input.cursor)
  const page = pageOf(
    input,
    await query.execute(),
    ({ id }) => id,
    (row) => row,
  )
  if (page.data.length === 0) return { data: [], next_cursor: null }
  const allowed = await allowedTo(
    db,
    userId,
    page.data.map(({ id }) => id),
    now,
  )
  const named = [...new Set(allowed.flatMap(({ organization_id: id }) => (id === null ? [] : [id])))]
  const rows =
    named.length === 0
      ? []
      : await db.selectFrom('organizations').select(['id', 'name']).where('id', 'in', named).execute()
  const organizations = new Map(rows.map(({ id, name }) => [id, name]))
  const byClient = Map.groupBy(allowed, ({ client_id }) => client_id)
  return {
    ...page,
    data: page.data.map((client) => {
      const own = byClient.get(client.id) ?? []
      return {
        client_id: client.id,
        name: client.name,
        registration: client.registration,
        uri: client.uri,
        host: hostOf(client),
        access: accessOf(config, own, organizations),
        connected_at: formatTime(Math.min(now, ...own.map(({ since }) => since))),
      }
    }),
  }
}
