// latchkey keys: API keys of an organization.
import type { Command } from 'commander'
import { path } from '../client.ts'
import { example, withClient } from '../context.ts'
import { listAll, sayList } from '../lists.ts'
import {
  type Expiry,
  type Paging,
  expiryBody,
  expiryOptions,
  overlapOption,
  pagingOptions,
  scopeOption,
} from '../options.ts'
import { type Column, asAllowance, asExpiry, asLastUsed, asText, asTime, details, once } from '../output.ts'

const columns: readonly Column[] = [
  { title: 'ID', field: 'id' },
  { title: 'Name', field: 'name' },
  { title: 'Key', field: 'hint' },
  { title: 'Environment', field: 'environment' },
  { title: 'Scopes', field: 'scopes', show: asAllowance },
  { title: 'APIs', field: 'apis', show: asAllowance },
  { title: 'Created', field: 'created_at', show: asTime },
  { title: 'Last used', field: 'last_used_at', show: asLastUsed },
  { title: 'Expires', field: 'expires_at', show: asExpiry },
  { title: 'Revoked', field: 'revoked_at', show: asTime },
]

interface Create extends Expiry {
  userId: string
  orgId: string
  name: string
  environment?: string
  scope?: string
  api?: string[]
}

export const addKeys = (program: Command): void => {
  const keys = program.command('keys').description('API keys of an organization: make, list, change, rotate, revoke')
  const [expiresIn, expiresAt] = expiryOptions()
  const [limit, cursor] = pagingOptions()

  example(
    keys.command('create'),
    'latchkey keys create --user-id USER_ID --org-id ORG_ID --name "Production API Key" --scope "read write" --expires-in 90d',
  )
    .description('make an API key; it is shown once')
    .requiredOption('--user-id <id>', 'who makes it: an owner or admin of the organization')
    .requiredOption('--org-id <id>', 'the organization that owns it')
    .requiredOption('--name <name>', 'what people call it')
    .option('--environment <name>', 'where it works, as in live or test (default: the first)')
    .addOption(scopeOption('what it may do; all that its APIs offer where not given'))
    .option('--api <name...>', 'APIs that it works at; all where not given')
    .addOption(expiresIn)
    .addOption(expiresAt)
    .action(({ userId, orgId, name, environment, scope, api, ...expiry }: Create, command: Command) =>
      withClient(command, async (client, output) => {
        const key = await client.request('POST', path`/organizations/${orgId}/api-keys`, {
          user_id: userId,
          name,
          environment,
          scopes: scope,
          apis: api,
          ...expiryBody(expiry),
        })
        output.result(key, `${details(columns, key)}\n\n${once('key', key.key)}`)
      }),
    )

  example(keys.command('list'), 'latchkey keys list --org-id ORG_ID')
    .description('list the API keys of an organization, newest first')
    .requiredOption('--org-id <id>', 'the organization')
    .addOption(limit)
    .addOption(cursor)
    .action(({ orgId, ...paging }: { orgId: string } & Paging, command: Command) =>
      withClient(command, async (client, output) =>
        sayList(
          output,
          await listAll(client, path`/organizations/${orgId}/api-keys`, paging),
          columns,
          'This organization has no API keys. Make one: latchkey keys create',
        ),
      ),
    )

  example(keys.command('update'), 'latchkey keys update --key-id KEY_ID --scope read')
    .description('rename an API key, or narrow what it may do')
    .requiredOption('--key-id <id>', 'the key')
    .option('--name <name>', 'its new name')
    .addOption(scopeOption('what it may do from now on'))
    .action(async ({ keyId, name, scope }: { keyId: string; name?: string; scope?: string }, command: Command) => {
      if (name === undefined && scope === undefined) command.error('error: nothing to change; give --name or --scope')
      await withClient(command, async (client, output) => {
        const key = await client.request('PATCH', path`/api-keys/${keyId}`, { name, scopes: scope })
        output.result(key, details(columns, key))
      })
    })

  example(keys.command('rotate'), 'latchkey keys rotate --key-id KEY_ID --overlap 24h')
    .description('replace an API key; both share one limit, and the old one ends after the overlap')
    .requiredOption('--key-id <id>', 'the key to replace')
    .addOption(overlapOption())
    .action(({ keyId, overlap }: { keyId: string; overlap?: number }, command: Command) =>
      withClient(command, async (client, output) => {
        const key = await client.request('POST', path`/api-keys/${keyId}/rotate`, { overlap_seconds: overlap })
        output.result(
          key,
          `${details([...columns, { title: 'Replaces', field: 'replaces' }], key)}\n\n${once('key', key.key)}`,
        )
      }),
    )

  example(keys.command('revoke'), 'latchkey keys revoke --key-id KEY_ID')
    .description('end an API key at once')
    .requiredOption('--key-id <id>', 'the key')
    .action(({ keyId }: { keyId: string }, command: Command) =>
      withClient(command, async (client, output) => {
        const key = await client.request('DELETE', path`/api-keys/${keyId}`)
        output.result(key, `${asText(key.name)} (${asText(key.id)}) is revoked, as of ${asTime(key.revoked_at)}.`)
      }),
    )
}
