// latchkey orgs members: who belongs to an organization, and as what.
import { type Command, Option } from 'commander'
import { path } from '../client.ts'
import { example, withClient } from '../context.ts'
import { listAll, sayList } from '../lists.ts'
import { type Paging, pagingOptions } from '../options.ts'
import { type Column, asText, asTime, details } from '../output.ts'

const columns: readonly Column[] = [
  { title: 'User ID', field: 'user_id' },
  { title: 'E-mail', field: 'email' },
  { title: 'Name', field: 'name' },
  { title: 'Role', field: 'role' },
  { title: 'Member since', field: 'created_at', show: asTime },
]

interface Membership {
  orgId: string
  userId: string
  role: string
}

const org = 'ORG_ID'
const user = 'USER_ID'

const roleOption = (): Option =>
  new Option('--role <role>', 'what they may do').choices(['owner', 'admin', 'member', 'viewer']).makeOptionMandatory()

export const addMembers = (orgs: Command): void => {
  const members = orgs.command('members').description('members of an organization: add, change, remove, list')
  const [limit, cursor] = pagingOptions()

  example(members.command('add'), `latchkey orgs members add --org-id ${org} --user-id ${user} --role admin`)
    .description('make a user a member')
    .requiredOption('--org-id <id>', 'the organization')
    .requiredOption('--user-id <id>', 'the user')
    .addOption(roleOption())
    .action(({ orgId, userId, role }: Membership, command: Command) =>
      withClient(command, async (client, output) => {
        const member = await client.request('POST', path`/organizations/${orgId}/members`, { user_id: userId, role })
        output.result(member, details(columns, member))
      }),
    )

  example(members.command('update'), `latchkey orgs members update --org-id ${org} --user-id ${user} --role viewer`)
    .description('give a member another role')
    .requiredOption('--org-id <id>', 'the organization')
    .requiredOption('--user-id <id>', 'the member')
    .addOption(roleOption())
    .action(({ orgId, userId, role }: Membership, command: Command) =>
      withClient(command, async (client, output) => {
        const member = await client.request('PATCH', path`/organizations/${orgId}/members/${userId}`, { role })
        output.result(member, details(columns, member))
      }),
    )

  example(members.command('remove'), `latchkey orgs members remove --org-id ${org} --user-id ${user}`)
    .description('end a membership; keys that the member made stay with the organization')
    .requiredOption('--org-id <id>', 'the organization')
    .requiredOption('--user-id <id>', 'the member')
    .action(({ orgId, userId }: Membership, command: Command) =>
      withClient(command, async (client, output) => {
        const answer = await client.request('DELETE', path`/organizations/${orgId}/members/${userId}`)
        output.result(answer, `User ${asText(userId)} is no member any more.`)
      }),
    )

  example(members.command('list'), `latchkey orgs members list --org-id ${org}`)
    .description('list the members of an organization')
    .requiredOption('--org-id <id>', 'the organization')
    .addOption(limit)
    .addOption(cursor)
    .action(({ orgId, ...paging }: { orgId: string } & Paging, command: Command) =>
      withClient(command, async (client, output) =>
        sayList(
          output,
          await listAll(client, path`/organizations/${orgId}/members`, paging),
          columns,
          'This organization has no members.',
        ),
      ),
    )
}
