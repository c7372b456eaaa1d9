// latchkey keys: API keys of an organization.
import { type Command, Option } from 'commander'
import { apiKeySorts } from '../../credentials/list-api-keys.ts'
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
import { type Cell, type Column, asAllowance, asExpiry, asLastUsed, asText, asTime, details, once } from '../output.ts'

/** null means that nothing narrows it. */
const asPlace: Cell = (value) => (value === null || value === undefined ? 'anywhere' : asText(value))

const columns: readonly Column[] = [
  { title: 'ID', field: 'id' },
  { title: 'Name', field: 'name' },
  { title: 'Key', field: 'hint' },
  { title: 'Environment', field: 'environment' },
  { title: 'Scopes', field: 'scopes', show: asAllowance },
  { title: 'APIs', field: 'apis', show: asAllowance },
  { title: 'Used from', field: 'networks', show: asPlace },
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
  network?: string[]
}

interface List extends Paging {
  orgId: string
  search?: string
  environment?: string
  status?: string
  sort?: string
}

interface Update {
  keyId: string
  name?: string
  scope?: string
  network?: string[]
  anywhere?: boolean
}

const networkOption = (): Option =>
  new Option('--network <cidr...>', 'addresses and networks that it may be used from, as in 203.0.113.0/24')

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
    .addOption(networkOption())
    .addOption(expiresIn)
    .addOption(expiresAt)
    .action(({ userId, orgId, name, environment, scope, api, network, ...expiry }: Create, command: Command) =>
      withClient(command, async (client, output) => {
        const key = await client.request('POST', path`/organizations/${orgId}/api-keys`, {
          user_id: userId,
          name,
          environment,
          scopes: scope,
          apis: api,
          networks: network,
          ...expiryBody(expiry),
        })
        output.result(key, `${details(columns, key)}\n\n${once('key', key.key)}`)
      }),
    )

  example(keys.command('list'), 'latchkey keys list --org-id ORG_ID')
    .description('list the API keys of an organization, newest first')
    .requiredOption('--org-id <id>', 'the organization')
    .option('--search <text>', 'only those with this in their name, id or what is shown of the key')
    .option('--environment <name>', 'only those of one environment')
    .addOption(new Option('--status <status>', 'only those in this state').choices(['active', 'expired', 'revoked']))
    .addOption(new Option('--sort <order>', 'by what they are sorted; with - the other way round').choices(apiKeySorts))
    .addOption(limit)
    .addOption(cursor)
    .action(({ orgId, search, environment, status, sort, ...paging }: List, command: Command) =>
      withClient(command, async (client, output) =>
        sayList(
          output,
          await listAll(client, path`/organizations/${orgId}/api-keys`, paging, {
            q: search,
            environment,
            status,
            sort,
          }),
          columns,
          search === undefined && environment === undefined && status === undefined
            ? 'This organization has no API keys. Make one: latchkey keys create'
            : 'No API key of this organization is like that.',
        ),
      ),
    )

  example(keys.command('update'), 'latchkey keys update --key-id KEY_ID --scope read')
    .description('rename an API key, or change what it may do and where it may be used from')
    .requiredOption('--key-id <id>', 'the key')
    .option('--name <name>', 'its new name')
    .addOption(scopeOption('what it may do from now on'))
    .addOption(networkOption())
    .addOption(new Option('--anywhere', 'it may be used from anywhere again').conflicts('network'))
    .action(async ({ keyId, name, scope, network, anywhere }: Update, command: Command) => {
      if ([name, scope, network, anywhere].every((change) => change === undefined))
        command.error('error: nothing to change; give --name, --scope, --network or --anywhere')
      await withClient(command, async (client, output) => {
        const networks = anywhere === true ? null : network
        const key = await client.request('PATCH', path`/api-keys/${keyId}`, { name, scopes: scope, networks })
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
