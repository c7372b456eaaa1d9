// Makes a personal access token: it acts as its owner, in all of the owner's organizations or in chosen ones, with the roles of the moment.
import { randomUUIDv7 } from 'node:crypto'
import type { Kysely } from 'kysely'
import { type Actor, requireOperator, requireRecent, requireUser } from '../accounts/actor.ts'
import { cleanName } from '../accounts/name.ts'
import { findUser } from '../accounts/users/user.ts'
import { recordChange } from '../audit/record.ts'
import type { Config } from '../config/config.ts'
import { Refusal } from '../errors.ts'
import type { Schema } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import { type ExpiryInput, expiryOf } from './expiry.ts'
import { hashOf, hintOf, makePersonalAccessToken } from './format.ts'
import { findToken } from './find.ts'
import { type TokenJson, toToken } from './token.ts'
import type { CredentialRow } from './wire.ts'
import { isExchanged, isItself } from './within.ts'

/** Organizations that one token may be held to. */
export const maxOrganizations = 1000

export interface NewToken extends ExpiryInput {
  /** The owner, where operators make a token for somebody; else the actor. */
  user_id?: string | undefined
  name: string
  /** Exactly one of these two. */
  all_organizations?: boolean | undefined
  organization_ids?: readonly string[] | undefined
  /** A legacy token of the owner whose place it takes: whoever moves integrations over sees both together. It works on until it is deleted. */
  succeeds?: string | undefined
}

/** Throws where a token for these organizations reaches further than the actor's own credential. */
const requireReach = (actor: Actor, wanted: 'all' | readonly string[]): void => {
  if (isExchanged(actor))
    throw new Refusal(
      'forbidden',
      'A token that was exchanged manages no personal access tokens: use the one it was made from.',
    )
  if (actor.operator || actor.everywhere) return
  if (wanted === 'all')
    throw new Refusal(
      'forbidden',
      'Your own token is held to some organizations; with it you neither make nor change one for all.',
    )
  if (wanted.some((id) => !actor.roles.has(id)))
    throw new Refusal('organization_forbidden', 'Your own token does not reach every one of these organizations.')
}

/** Throws where the token reaches further than the actor's own, which may change itself. `chosen`: the organizations of a personal token held to some. */
export const requireReachOf = (actor: Actor, row: CredentialRow, chosen: readonly string[]): void => {
  if (isItself(actor, row)) return
  if (row.all_organizations === 1) requireReach(actor, 'all')
  else requireReach(actor, row.organization_id === null ? chosen : [row.organization_id])
}

const ownerOf = async (db: Kysely<Schema>, actor: Actor, { user_id }: NewToken): Promise<string> => {
  if (user_id === undefined) return requireUser(actor)
  requireOperator(actor, 'make tokens for others')
  const { suspended_at } = await findUser(db, user_id)
  if (suspended_at !== null) throw new Refusal('conflict', 'This user is suspended.')
  return user_id
}

const requireMember = async (db: Kysely<Schema>, userId: string, organizationIds: readonly string[]): Promise<void> => {
  const rows = await db
    .selectFrom('members')
    .select('organization_id')
    .where('user_id', '=', userId)
    .where('organization_id', 'in', organizationIds)
    .execute()
  if (rows.length < organizationIds.length)
    throw new Refusal('organization_forbidden', 'The owner of a token must be a member of each of its organizations.')
}

/** The legacy token whose place the new one takes; null: none. */
const succeededBy = async (
  db: Kysely<Schema>,
  actor: Actor,
  { succeeds }: NewToken,
  userId: string,
): Promise<string | null> => {
  if (succeeds === undefined) return null
  const row = await findToken(db, actor, 'legacy_token', { token_id: succeeds, user_id: userId })
  requireReachOf(actor, row, [])
  return row.id
}

/**
 * Makes a token for the actor, or as an operator for `user_id`. Through a token that is held to organizations or that ends, only one that reaches and lasts no further;
 * from a browser, only soon after its person has proved who they are: the token outlives the session.
 * Throws `invalid_request`, `forbidden`, `reauthentication_required`, `not_found`, `conflict`, and `organization_forbidden` alike for foreign organizations and those
 * that do not exist.
 */
export const createToken = async (
  store: Store,
  config: Config,
  actor: Actor,
  input: NewToken,
  now: number,
): Promise<TokenJson & { token: string }> => {
  requireRecent(actor, now)
  const name = cleanName(input.name)
  const all = input.all_organizations === true
  if (all === (input.organization_ids !== undefined))
    throw new Refusal('invalid_request', 'Send either "all_organizations": true or "organization_ids".')
  const organizationIds = all ? [] : [...new Set(input.organization_ids)]
  const expiresAt = expiryOf(actor, input, now)
  const token = makePersonalAccessToken()
  const id = randomUUIDv7()
  return store.transaction(async (trx) => {
    const userId = await ownerOf(trx, actor, input)
    requireReach(actor, all ? 'all' : organizationIds)
    if (!all) await requireMember(trx, userId, organizationIds)
    const row: CredentialRow = {
      id,
      kind: 'personal_access_token',
      hash: hashOf(token),
      hint: hintOf(token),
      name,
      user_id: userId,
      organization_id: null,
      all_organizations: all ? 1 : 0,
      environment: config.environments[0] as string,
      scopes: null,
      apis: null,
      lineage_id: id,
      replaces: null,
      created_at: now,
      expires_at: expiresAt,
      revoked_at: null,
      networks: null,
      succeeds: await succeededBy(trx, actor, input, userId),
    }
    await trx.insertInto('credentials').values(row).execute()
    if (!all)
      await trx
        .insertInto('credential_organizations')
        .values(organizationIds.map((organization_id) => ({ credential_id: id, organization_id })))
        .execute()
    const json = await toToken(store, trx, row, now)
    await recordChange(trx, actor, now, {
      action: 'personal_access_token.created',
      targetKind: 'personal_access_token',
      targetId: id,
      detail: {
        name,
        user_id: userId,
        organizations: all ? 'all' : organizationIds.length,
        expires_at: json.expires_at,
        ...(row.succeeds !== null && { succeeds: row.succeeds }),
      },
    })
    return { ...json, token }
  })
}
