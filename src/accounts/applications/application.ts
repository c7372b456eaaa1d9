// A connected application: a client that a person lets act, by a grant that still holds or by a consent that is remembered.
import type { Kysely } from 'kysely'
import type { Schema } from '../../store/schema.ts'
import { type Actor, requireOperator, requireWholePerson } from '../actor.ts'

/** What it may do at one API. */
export interface Access {
  api: string
  /** Space-separated. */
  scopes: string
  /** The same in words. */
  may: string[]
  /** The organization that it acts for; null: none, or all. */
  organization_id: string | null
  organization_name: string | null
  all_organizations: boolean
}

export interface Application {
  client_id: string
  /** As it calls itself. */
  name: string
  registration: Schema['clients']['registration']
  /** Its home page; only of clients that somebody here has made is it more than its own word. */
  uri: string | null
  /** Where it comes from: of its metadata document, else of its home page. */
  host: string | null
  access: Access[]
  /** RFC 3339. */
  connected_at: string
}

/** Names whose applications are meant; undefined: the actor's own. */
export interface ApplicationsPath {
  user_id?: string | undefined
}

/** The person whose applications are meant. Throws `forbidden` for those of others to all but operators, and for tokens that stand for a part of the person alone. */
export const personOf = (actor: Actor, { user_id }: ApplicationsPath): string => {
  if (user_id !== undefined) {
    requireOperator(actor, 'see and revoke the applications of others')
    return user_id
  }
  return requireWholePerson(actor)
}

/** Grants of the person that still hold. */
export const liveGrants = (db: Kysely<Schema>, userId: string, now: number) =>
  db.selectFrom('grants').where('user_id', '=', userId).where('revoked_at', 'is', null).where('expires_at', '>', now)
