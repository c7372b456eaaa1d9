// latchkey tokens: personal access tokens, which act for a person in the organizations that they reach.
import { type Command, Option } from 'commander'
import { path } from '../client.ts'
import { example, withClient } from '../context.ts'
import { listAll, sayList } from '../lists.ts'
import { type Expiry, type Paging, expiryBody, expiryOptions, overlapOption, pagingOptions } from '../options.ts'
import { type Column, type Document, asExpiry, asLastUsed, asText, asTime, details, once } from '../output.ts'
import { ofPerson } from '../own-account.ts'

const columns: readonly Column[] = [
  { title: 'ID', field: 'id' },
  { title: 'Name', field: 'name' },
  { title: 'Token', field: 'hint' },
  { title: 'Organizations', field: 'organizations' },
  { title: 'Created', field: 'created_at', show: asTime },
  { title: 'Last used', field: 'last_used_at', show: asLastUsed },
  { title: 'Expires', field: 'expires_at', show: asExpiry },
  { title: 'Revoked', field: 'revoked_at', show: asTime },
]

/** The token with what it reaches in one field. */
const shown = (token: Document): Document => ({
  ...token,
  organizations: token.all_organizations === true ? 'all' : token.organization_ids,
})

interface Create extends Expiry {
  userId: string
  name: string
  allOrganizations?: true
  organization?: string[]
  succeeds?: string
}

export const addTokens = (program: Command): void => {
  const tokens = program.command('tokens').description('personal access tokens: make, list, rename, rotate, revoke')
  const [expiresIn, expiresAt] = expiryOptions()
  const [limit, cursor] = pagingOptions()

  example(
    tokens.command('create'),
    'latchkey tokens create --user-id USER_ID --name "CI/CD pipeline" --expires-in 90d --organization ORG_ID',
  )
    .description('make a personal access token; it is shown once')
    .requiredOption('--user-id <id>', 'whose token it is')
    .requiredOption('--name <name>', 'what tells it apart; it has no effect on access')
    .addOption(expiresIn)
    .addOption(expiresAt)
    .addOption(
      new Option('--all-organizations', 'reaches every organization that its owner is a member of').conflicts(
        'organization',
      ),
    )
    .option('--organization <id...>', 'organizations that it reaches')
    .option('--succeeds <id>', 'the legacy token whose place it takes; that one works on until it is deleted')
    .action(async ({ userId, name, allOrganizations, organization, succeeds, ...expiry }: Create, command: Command) => {
      if (!allOrganizations && !organization)
        command.error('error: say what it reaches: --all-organizations, or --organization for each')
      await withClient(command, async (client, output) => {
        const reach = organization ? { organization_ids: organization } : { all_organizations: true }
        const token = await client.request('POST', await ofPerson(client, userId, 'tokens'), {
          name,
          ...reach,
          succeeds,
          ...expiryBody(expiry),
        })
        output.result(token, `${details(columns, shown(token))}\n\n${once('token', token.token)}`)
      })
    })

  example(tokens.command('list'), 'latchkey tokens list --user-id USER_ID')
    .description('list the personal access tokens of a user, newest first')
    .requiredOption('--user-id <id>', 'the user')
    .addOption(limit)
    .addOption(cursor)
    .action(({ userId, ...paging }: { userId: string } & Paging, command: Command) =>
      withClient(command, async (client, output) => {
        const listing = await listAll(client, await ofPerson(client, userId, 'tokens'), paging)
        sayList(output, listing, columns, 'This user has no personal access tokens.', shown)
      }),
    )

  example(tokens.command('update'), 'latchkey tokens update --token-id TOKEN_ID --name "Nightly build"')
    .description('rename a personal access token')
    .requiredOption('--token-id <id>', 'the token')
    .requiredOption('--name <name>', 'its new name')
    .action(({ tokenId, name }: { tokenId: string; name: string }, command: Command) =>
      withClient(command, async (client, output) => {
        const token = await client.request('PATCH', path`/tokens/${tokenId}`, { name })
        output.result(token, details(columns, shown(token)))
      }),
    )

  example(tokens.command('rotate'), 'latchkey tokens rotate --token-id TOKEN_ID --overlap 1h')
    .description('replace a personal access token; the old one ends after the overlap')
    .requiredOption('--token-id <id>', 'the token to replace')
    .addOption(overlapOption())
    .action(({ tokenId, overlap }: { tokenId: string; overlap?: number }, command: Command) =>
      withClient(command, async (client, output) => {
        const token = await client.request('POST', path`/tokens/${tokenId}/rotate`, { overlap_seconds: overlap })
        output.result(
          token,
          `${details([...columns, { title: 'Replaces', field: 'replaces' }], shown(token))}\n\n${once('token', token.token)}`,
        )
      }),
    )

  example(tokens.command('revoke'), 'latchkey tokens revoke --token-id TOKEN_ID')
    .description('end a personal access token at once')
    .requiredOption('--token-id <id>', 'the token')
    .action(({ tokenId }: { tokenId: string }, command: Command) =>
      withClient(command, async (client, output) => {
        const token = await client.request('DELETE', path`/tokens/${tokenId}`)
        output.result(
          token,
          `${asText(token.name)} (${asText(token.id)}) is revoked, as of ${asTime(token.revoked_at)}.`,
        )
      }),
    )
}
