// latchkey clients: OAuth clients of organizations, and for operators those of nobody.
import { readFileSync } from 'node:fs'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { path } from '../client.ts'
import { example, withClient } from '../context.ts'
import { listAll, sayList } from '../lists.ts'
import { type Paging, overlapOption, pagingOptions, scopeOption } from '../options.ts'
import { type Column, asAllowance, asText, asTime, details, once } from '../output.ts'

const columns: readonly Column[] = [
  { title: 'Client ID', field: 'client_id' },
  { title: 'Name', field: 'name' },
  { title: 'Environment', field: 'environment' },
  { title: 'Grants', field: 'grants' },
  { title: 'Scopes', field: 'scopes', show: asAllowance },
  { title: 'APIs', field: 'apis', show: asAllowance },
  { title: 'Public', field: 'public' },
  { title: 'Redirect URIs', field: 'redirect_uris' },
  { title: 'Registered by', field: 'registration', show: asText },
  { title: 'Created', field: 'created_at', show: asTime },
]

/** What can be said of a client when it is made and later. */
interface Settings {
  name?: string
  redirectUri?: string[]
  scope?: string
  grant?: string[]
  pkce?: string
  api?: string[]
  jwks?: object
  jwksUri?: string
  dpop?: boolean
  requirePar?: boolean
  subjectType?: string
  postLogoutRedirectUri?: string[]
  uri?: string
}

const readJwks = (file: string): object => {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (typeof value === 'object' && value !== null) return value
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== undefined)
      throw new InvalidArgumentError(`${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`)
  }
  throw new InvalidArgumentError(`${file} is not a JWK Set in JSON: {"keys": […]}.`)
}

const settingOptions = (command: Command): Command =>
  command
    .option('--redirect-uri <uri...>', 'where the browser may be sent back to, exactly')
    .addOption(scopeOption('what its tokens may do; all that its APIs offer where not given'))
    .option('--grant <grant...>', 'grant types, as in client_credentials or authorization_code')
    .addOption(new Option('--pkce <rule>', 'whether authorization needs PKCE').choices(['required', 'optional']))
    .option('--api <name...>', 'APIs that its tokens are for; all where not given')
    .addOption(
      new Option('--jwks <file>', 'JWK Set of the public keys that it proves itself by, in place of a secret')
        .argParser(readJwks)
        .conflicts('jwksUri'),
    )
    .option('--jwks-uri <url>', 'address of that JWK Set, https')
    .option('--dpop', 'it gets DPoP-bound tokens alone')
    .option('--no-dpop', 'it may have bearer tokens (the default)')
    .option('--require-par', 'it must push its authorization requests')
    .option('--no-require-par', 'it need not (the default)')
    .addOption(
      new Option('--subject-type <type>', 'whether it knows people by ids of its own').choices(['public', 'pairwise']),
    )
    .option('--post-logout-redirect-uri <uri...>', 'where the browser may be sent after a sign-out, exactly')
    .option('--uri <url>', 'its home page')

const settingsBody = ({ name, redirectUri, scope, grant, pkce, api, ...settings }: Settings) => ({
  name,
  redirect_uris: redirectUri,
  scopes: scope,
  grants: grant,
  pkce,
  apis: api,
  jwks: settings.jwks,
  jwks_uri: settings.jwksUri,
  dpop_bound: settings.dpop,
  par_required: settings.requirePar,
  subject_type: settings.subjectType,
  post_logout_redirect_uris: settings.postLogoutRedirectUri,
  uri: settings.uri,
})

/** An address, which names a client by its metadata document, cannot stand in a path. */
const addressOf = (clientId: string): string =>
  clientId.includes('/') ? `/clients?client_id=${encodeURIComponent(clientId)}` : path`/clients/${clientId}`

/** A public client has no secret, nor has one with keys. */
const withSecret = (text: string, secret: unknown): string =>
  typeof secret === 'string' ? `${text}\n\n${once('client secret', secret)}` : text

export const addClients = (program: Command): void => {
  const clients = program.command('clients').description('OAuth clients: make, list, change, rotate the secret, delete')
  const [limit, cursor] = pagingOptions()

  const create = clients
    .command('create')
    .description('make an OAuth client; its secret is shown once')
    .requiredOption('--org-id <id>', 'the organization that owns it')
    .requiredOption('--name <name>', 'what people call it')
  example(
    settingOptions(create),
    'latchkey clients create --org-id ORG_ID --name "Nightly export" --scope "read write"',
    'latchkey clients create --org-id ORG_ID --name "Web shop" --grant authorization_code --redirect-uri https://shop.example.com/callback',
  )
    .option('--public', 'cannot keep a secret (a browser or phone app)')
    .option('--environment <name>', 'where its tokens work, as in live or test (default: the first)')
    .action(
      (
        {
          orgId,
          public: isPublic,
          environment,
          ...settings
        }: Settings & { orgId: string; public?: true; environment?: string },
        command: Command,
      ) =>
        withClient(command, async (client, output) => {
          const made = await client.request('POST', path`/organizations/${orgId}/clients`, {
            ...settingsBody(settings),
            public: isPublic,
            environment,
          })
          output.result(made, withSecret(details(columns, made), made.client_secret))
        }),
    )

  example(clients.command('list'), 'latchkey clients list --org-id ORG_ID', 'latchkey clients list')
    .description('list the OAuth clients of an organization, newest first; without one those that belong to nobody')
    .option('--org-id <id>', 'the organization')
    .addOption(limit)
    .addOption(cursor)
    .action(({ orgId, ...paging }: { orgId?: string } & Paging, command: Command) =>
      withClient(command, async (client, output) =>
        orgId === undefined
          ? sayList(output, await listAll(client, '/clients', paging), columns, 'No client belongs to nobody.')
          : sayList(
              output,
              await listAll(client, path`/organizations/${orgId}/clients`, paging),
              columns,
              'This organization has no clients. Make one: latchkey clients create',
            ),
      ),
    )

  const update = clients
    .command('update')
    .description('change an OAuth client')
    .requiredOption('--client-id <id>', 'the client')
    .option('--name <name>', 'its new name')
  example(settingOptions(update), 'latchkey clients update --client-id CLIENT_ID --scope read').action(
    async ({ clientId, ...settings }: Settings & { clientId: string }, command: Command) => {
      if (Object.keys(settings).length === 0) command.error('error: nothing to change; see --help for what can be')
      await withClient(command, async (client, output) => {
        const changed = await client.request('PATCH', path`/clients/${clientId}`, settingsBody(settings))
        output.result(changed, details(columns, changed))
      })
    },
  )

  example(clients.command('rotate-secret'), 'latchkey clients rotate-secret --client-id CLIENT_ID --overlap 24h')
    .description('make a new client secret; the old one ends after the overlap')
    .requiredOption('--client-id <id>', 'the client')
    .addOption(overlapOption())
    .action(({ clientId, overlap }: { clientId: string; overlap?: number }, command: Command) =>
      withClient(command, async (client, output) => {
        const rotated = await client.request('POST', path`/clients/${clientId}/rotate`, { overlap_seconds: overlap })
        output.result(rotated, withSecret(details(columns, rotated), rotated.client_secret))
      }),
    )

  example(clients.command('delete'), 'latchkey clients delete --client-id CLIENT_ID')
    .description('delete an OAuth client; its tokens end at once')
    .requiredOption('--client-id <id>', 'the client')
    .action(({ clientId }: { clientId: string }, command: Command) =>
      withClient(command, async (client, output) => {
        const answer = await client.request('DELETE', addressOf(clientId))
        output.result(answer, `Client ${asText(clientId)} is deleted, and its tokens with it.`)
      }),
    )
}
