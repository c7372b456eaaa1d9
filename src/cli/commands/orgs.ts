// latchkey orgs: organizations, which own API keys and clients and pay for what these spend.
import { type Command, Option } from 'commander'
import { path } from '../client.ts'
import { example, globalsOf, withClient } from '../context.ts'
import { listAll, sayList } from '../lists.ts'
import { type Paging, pagingOptions } from '../options.ts'
import { type Column, asText, asTime, details } from '../output.ts'
import { addInvitations } from './invitations.ts'
import { addMembers } from './members.ts'

const columns: readonly Column[] = [
  { title: 'ID', field: 'id' },
  { title: 'Name', field: 'name' },
  { title: 'Tier', field: 'tier' },
  { title: 'Created', field: 'created_at', show: asTime },
  { title: 'Suspended', field: 'suspended_at', show: asTime },
]

interface Named {
  orgId: string
}

const someOrg = 'ORG_ID'

const tierOption = (): Option =>
  new Option('--tier <tier>', 'what it pays for; only operators set it').choices(['free', 'pro', 'enterprise'])

export const addOrgs = (program: Command): void => {
  const orgs = program
    .command('orgs')
    .description('organizations: make, list, change, suspend, delete, their members and invitations')
  const [limit, cursor] = pagingOptions()

  example(orgs.command('create'), `latchkey orgs create --name "Acme" --tier pro --owner USER_ID`)
    .description('make an organization')
    .requiredOption('--name <name>', 'what people call it')
    .addOption(tierOption())
    .option('--owner <user id>', 'who owns it; with --url it is you where not given')
    .action(async ({ name, tier, owner }: { name: string; tier?: string; owner?: string }, command: Command) => {
      if (owner === undefined && globalsOf(command).url === undefined)
        command.error("error: required option '--owner <user id>' not specified")
      await withClient(command, async (client, output) => {
        const organization = await client.request('POST', '/organizations', { name, tier, owner })
        output.result(organization, details(columns, organization))
      })
    })

  example(orgs.command('list'), 'latchkey orgs list')
    .description('list organizations, newest first: all of them for operators, else your own')
    .addOption(limit)
    .addOption(cursor)
    .action((paging: Paging, command: Command) =>
      withClient(command, async (client, output) => {
        const { operator } = await client.request('GET', '/users/me')
        const listing = await listAll(client, '/organizations', paging, { all: operator === true ? 'true' : undefined })
        sayList(output, listing, columns, 'There are no organizations yet. Make one: latchkey orgs create')
      }),
    )

  example(orgs.command('update'), `latchkey orgs update --org-id ${someOrg} --tier enterprise`)
    .description('change the tier or the name of an organization')
    .requiredOption('--org-id <id>', 'the organization')
    .addOption(tierOption())
    .option('--name <name>', 'its new name')
    .action(async ({ orgId, tier, name }: Named & { tier?: string; name?: string }, command: Command) => {
      if (tier === undefined && name === undefined) command.error('error: nothing to change; give --tier or --name')
      await withClient(command, async (client, output) => {
        const organization = await client.request('PATCH', path`/organizations/${orgId}`, { tier, name })
        output.result(organization, details(columns, organization))
      })
    })

  const suspension = (verb: 'suspend' | 'resume', what: string, suspended: boolean): void => {
    example(orgs.command(verb), `latchkey orgs ${verb} --org-id ${someOrg}`)
      .description(what)
      .requiredOption('--org-id <id>', 'the organization')
      .action(({ orgId }: Named, command: Command) =>
        withClient(command, async (client, output) => {
          const organization = await client.request('PATCH', path`/organizations/${orgId}`, { suspended })
          output.result(
            organization,
            `${asText(organization.name)} (${asText(organization.id)}) is ${suspended ? 'suspended: none of its keys and clients work' : 'active again'}.`,
          )
        }),
      )
  }
  suspension('suspend', 'stop all keys and clients of an organization at once', true)
  suspension('resume', 'let a suspended organization go on', false)

  example(orgs.command('delete'), `latchkey orgs delete --org-id ${someOrg}`)
    .description('delete an organization with its keys, clients and members')
    .requiredOption('--org-id <id>', 'the organization')
    .action(({ orgId }: Named, command: Command) =>
      withClient(command, async (client, output) => {
        const answer = await client.request('DELETE', path`/organizations/${orgId}`)
        output.result(answer, `Organization ${asText(answer.id)} is deleted.`)
      }),
    )

  addMembers(orgs)
  addInvitations(orgs)
}
