// latchkey orgs invitations: who is asked by e-mail to join an organization.
import { type Command, Option } from 'commander'
import { path } from '../client.ts'
import { example, withClient } from '../context.ts'
import { listAll, sayList } from '../lists.ts'
import { type Paging, pagingOptions } from '../options.ts'
import { type Column, type Document, asText, asTime, details } from '../output.ts'

const columns: readonly Column[] = [
  { title: 'ID', field: 'id' },
  { title: 'E-mail', field: 'email' },
  { title: 'Role', field: 'role' },
  { title: 'Status', field: 'status' },
  { title: 'Invited by', field: 'invited_by_name' },
  { title: 'Expires', field: 'expires_at', show: asTime },
]

interface Named {
  orgId: string
  invitationId: string
}

const org = 'ORG_ID'
const invitation = 'INVITATION_ID'

const told = (sent: Document): string =>
  [
    details(columns, sent),
    '',
    asText(sent.url),
    sent.mailed === true
      ? 'The server sends a link to the address. This one works too, for the invited address alone; it is not shown again.'
      : 'Nothing is mailed. Hand this link over; it works once, for the invited address alone, and is not shown again.',
  ].join('\n')

export const addInvitations = (orgs: Command): void => {
  const invitations = orgs.command('invitations').description('people asked to join: create, list, resend, delete')
  const [limit, cursor] = pagingOptions()
  const of = (command: Command): Command =>
    command
      .requiredOption('--org-id <id>', 'the organization')
      .requiredOption('--invitation-id <id>', 'the invitation, as listed')

  example(
    invitations.command('create'),
    `latchkey orgs invitations create --org-id ${org} --email ada@example.com --role member`,
  )
    .description('invite somebody by e-mail, and show a link to hand over')
    .requiredOption('--org-id <id>', 'the organization')
    .requiredOption('--email <address>', 'whom; only this address can accept')
    .addOption(
      new Option('--role <role>', 'what they may do')
        .choices(['owner', 'admin', 'member', 'viewer'])
        .makeOptionMandatory(),
    )
    .action(({ orgId, email, role }: { orgId: string; email: string; role: string }, command: Command) =>
      withClient(command, async (client, output) => {
        const sent = await client.request('POST', path`/organizations/${orgId}/invitations`, { email, role })
        output.result(sent, told(sent))
      }),
    )

  example(invitations.command('list'), `latchkey orgs invitations list --org-id ${org}`)
    .description('list the invitations that nobody has accepted yet')
    .requiredOption('--org-id <id>', 'the organization')
    .addOption(limit)
    .addOption(cursor)
    .action(({ orgId, ...paging }: { orgId: string } & Paging, command: Command) =>
      withClient(command, async (client, output) =>
        sayList(
          output,
          await listAll(client, path`/organizations/${orgId}/invitations`, paging),
          columns,
          'Nobody is invited at the moment.',
        ),
      ),
    )

  of(
    example(
      invitations.command('resend'),
      `latchkey orgs invitations resend --org-id ${org} --invitation-id ${invitation}`,
    ),
  )
    .description('send an invitation again, with a new link; the former one ends')
    .action(({ orgId, invitationId }: Named, command: Command) =>
      withClient(command, async (client, output) => {
        const sent = await client.request('POST', path`/organizations/${orgId}/invitations/${invitationId}/resend`)
        output.result(sent, told(sent))
      }),
    )

  of(
    example(
      invitations.command('delete'),
      `latchkey orgs invitations delete --org-id ${org} --invitation-id ${invitation}`,
    ),
  )
    .description('withdraw an invitation: its link ends at once')
    .action(({ orgId, invitationId }: Named, command: Command) =>
      withClient(command, async (client, output) => {
        const answer = await client.request('DELETE', path`/organizations/${orgId}/invitations/${invitationId}`)
        output.result(answer, `Invitation ${asText(invitationId)} is withdrawn.`)
      }),
    )
}
