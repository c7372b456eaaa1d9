// Imports tokens made elsewhere. A bad line is told by its number and stops nothing else; what is there already is passed over,
// so that an import that was cut off is simply run again. The good lines of one call are kept together or not at all.
import { randomUUIDv7 } from 'node:crypto'
import type { Kysely } from 'kysely'
import { type Actor, requireOperator, requireRecent } from '../accounts/actor.ts'
import { nameMistake } from '../accounts/name.ts'
import { recordChange } from '../audit/record.ts'
import type { Config } from '../config/config.ts'
import type { SecretBox } from '../secret-box.ts'
import type { Schema } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import { hashOf } from './format.ts'
import { hashHintOf, legacyHash, legacyHintOf } from './legacy-format.ts'
import type { CredentialRow } from './wire.ts'

/** Lines that one call takes. */
export const maxLines = 1000

export interface LegacyLine {
  /** Number of the line where it comes from; how its fate is told. */
  line: number
  name?: string | undefined
  /** E-mail address or id of a user. */
  owner?: string | undefined
  /** Id or name of one of the owner's organizations; empty: all of the owner's. */
  organization?: string | undefined
  /** Exactly one of these two: the token, or its SHA-256 in hex. */
  token?: string | undefined
  sha256?: string | undefined
}

export interface BadLine {
  line: number
  /** Never repeats what the line holds: in a file with shifted columns that may be the token. */
  reason: string
}

export interface ImportResult {
  imported: number
  skipped: number
  failed: BadLine[]
}

interface GoodLine {
  line: number
  name: string
  owner: string
  organization: string
  hash: string
  hint: string
}

const plainToken = /^[\x21-\x7e]{8,4096}$/
const hexHash = /^[0-9a-f]{64}$/i
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

const check = (
  box: SecretBox,
  { line, name = '', owner = '', organization = '', token = '', sha256 = '' }: LegacyLine,
): GoodLine | BadLine => {
  const mistake = nameMistake(name)
  if (mistake !== undefined) return { line, reason: mistake }
  if (owner === '') return { line, reason: 'There is no owner.' }
  if ((token === '') === (sha256 === '')) return { line, reason: 'Give either token or sha256.' }
  if (token !== '' && !plainToken.test(token))
    return { line, reason: 'A token has 8 to 4096 visible ASCII characters.' }
  if (sha256 !== '' && !hexHash.test(sha256)) return { line, reason: 'A sha256 has 64 hexadecimal digits.' }
  const digest = token === '' ? sha256.toLowerCase() : hashOf(token)
  return {
    line,
    name: name.trim(),
    owner: owner.trim().toLowerCase(),
    organization,
    hash: legacyHash(box, digest),
    hint: token === '' ? hashHintOf(digest) : legacyHintOf(token),
  }
}

/** What the store says of the lines: owners by e-mail address and id, their organizations by id and name, and what has been imported. */
const loadFacts = async (trx: Kysely<Schema>, lines: readonly GoodLine[]) => {
  const owners = [...new Set(lines.map(({ owner }) => owner))]
  const wanted = [...new Set(lines.map(({ organization }) => organization))].filter(
    (organization) => organization !== '',
  )
  const hashes = lines.map(({ hash }) => hash)
  const users =
    lines.length === 0
      ? []
      : await trx
          .selectFrom('users')
          .select(['id', 'email'])
          .where((eb) => eb.or([eb('email', 'in', owners), eb('id', 'in', owners)]))
          .execute()
  const memberships =
    users.length === 0 || wanted.length === 0
      ? []
      : await trx
          .selectFrom('members')
          .innerJoin('organizations', 'organizations.id', 'members.organization_id')
          .select(['members.user_id', 'organizations.id', 'organizations.name'])
          .where(
            'members.user_id',
            'in',
            users.map(({ id }) => id),
          )
          .where((eb) =>
            eb.or([
              eb(
                'organizations.id',
                'in',
                wanted.map((text) => text.toLowerCase()),
              ),
              eb('organizations.name', 'in', wanted),
            ]),
          )
          .execute()
  const present =
    lines.length === 0
      ? []
      : await trx
          .selectFrom('credentials')
          .select(['hash', 'user_id', 'organization_id'])
          .where('kind', '=', 'legacy_token')
          .where('hash', 'in', hashes)
          .execute()
  return {
    userIds: new Map(
      users.flatMap(({ id, email }) => [
        [id, id],
        [email, id],
      ]),
    ),
    memberships: Map.groupBy(memberships, ({ user_id }) => user_id),
    present: new Map(present.map(({ hash, ...rest }) => [hash, rest])),
  }
}

/** The organization that `text` names among the owner's; null: all of them. */
const organizationOf = (
  text: string,
  memberships: readonly { id: string; name: string }[],
): { id: string | null } | { reason: string } => {
  if (text === '') return { id: null }
  const found = uuid.test(text)
    ? memberships.filter(({ id }) => id === text.toLowerCase())
    : memberships.filter(({ name }) => name === text)
  const [first] = found
  if (!first) return { reason: 'The owner is a member of no organization of this id or name.' }
  return found.length === 1
    ? { id: first.id }
    : { reason: 'The owner is a member of several organizations of this name: give the id.' }
}

/** Sorts the good lines into rows to write, lines that are there already, and lines that cannot be. */
const plan = async (trx: Kysely<Schema>, environment: string, lines: readonly (GoodLine | BadLine)[], now: number) => {
  const facts = await loadFacts(
    trx,
    lines.filter((line) => 'hash' in line),
  )
  const rows: CredentialRow[] = []
  const failed: BadLine[] = []
  let skipped = 0
  const decide = ({ name, owner, organization, hash, hint }: GoodLine): string | undefined => {
    const userId = facts.userIds.get(owner)
    if (userId === undefined) return 'There is no user with this e-mail address or id.'
    const found = organizationOf(organization, facts.memberships.get(userId) ?? [])
    if ('reason' in found) return found.reason
    const before = facts.present.get(hash)
    if (before) {
      if (before.user_id !== userId || before.organization_id !== found.id)
        return 'This token has been imported for another owner or organization.'
      skipped++
      return undefined
    }
    facts.present.set(hash, { user_id: userId, organization_id: found.id })
    const id = randomUUIDv7()
    rows.push({
      id,
      kind: 'legacy_token',
      hash,
      hint,
      name,
      user_id: userId,
      organization_id: found.id,
      all_organizations: found.id === null ? 1 : 0,
      environment,
      scopes: null,
      apis: null,
      lineage_id: id,
      replaces: null,
      created_at: now,
      expires_at: null,
      revoked_at: null,
      networks: null,
      succeeds: null,
    })
    return undefined
  }
  for (const line of lines) {
    const reason = 'reason' in line ? line.reason : decide(line)
    if (reason !== undefined) failed.push({ line: line.line, reason })
  }
  return { rows, skipped, failed }
}

/** Rows of one INSERT. */
const batch = 100

/** Imports up to `maxLines` lines, durable when answered. Only operators: throws `forbidden` else, and `reauthentication_required`. */
export const importLegacyTokens = async (
  store: Store,
  config: Config,
  box: SecretBox,
  actor: Actor,
  lines: readonly LegacyLine[],
  now: number,
): Promise<ImportResult> => {
  requireOperator(actor, 'import legacy tokens')
  requireRecent(actor, now)
  const checked = lines.map((line) => check(box, line))
  return store.transaction(async (trx) => {
    const { rows, skipped, failed } = await plan(trx, config.environments[0] as string, checked, now)
    for (let from = 0; from < rows.length; from += batch)
      await trx
        .insertInto('credentials')
        .values(rows.slice(from, from + batch))
        .execute()
    const imported = rows.length
    await recordChange(trx, actor, now, {
      action: 'legacy_token.imported',
      targetKind: 'legacy_token_import',
      targetId: randomUUIDv7(),
      detail: { imported, skipped, failed: failed.length },
    })
    return { imported, skipped, failed }
  })
}
