// latchkey applications: what a person has allowed to act in their name.
import type { Command } from 'commander'
import { example, withClient } from '../context.ts'
import { listAll, sayList } from '../lists.ts'
import { type Paging, pagingOptions } from '../options.ts'
import { type Column, type Document, asText, asTime } from '../output.ts'
import { ofPerson } from '../own-account.ts'

const columns: readonly Column[] = [
  { title: 'Client ID', field: 'client_id' },
  { title: 'Name', field: 'name' },
  { title: 'Host', field: 'host' },
  { title: 'May', field: 'may' },
  { title: 'Connected', field: 'connected_at', show: asTime },
]

/** One line for each place: the API, the scopes, the organization. */
const shown = (application: Document): Document => ({
  ...application,
  may: (application.access as Document[]).map(({ api, scopes, organization_name, all_organizations }) =>
    [
      `${asText(api)}: ${asText(scopes)}`,
      all_organizations === true
        ? ['(all organizations)']
        : organization_name === null
          ? []
          : [`(${asText(organization_name)})`],
    ]
      .flat()
      .join(' '),
  ),
})

export const addApplications = (program: Command): void => {
  const applications = program
    .command('applications')
    .description('applications that a person has allowed to act for them: list, revoke')
  const [limit, cursor] = pagingOptions()

  example(applications.command('list'), 'latchkey applications list --user-id USER_ID')
    .description('list the connected applications of a user')
    .requiredOption('--user-id <id>', 'the user')
    .addOption(limit)
    .addOption(cursor)
    .action(({ userId, ...paging }: { userId: string } & Paging, command: Command) =>
      withClient(command, async (client, output) => {
        const listing = await listAll(client, await ofPerson(client, userId, 'applications'), paging)
        sayList(output, listing, columns, 'This user has connected no applications.', shown)
      }),
    )

  example(
    applications.command('revoke'),
    'latchkey applications revoke --user-id USER_ID --client-id CLIENT_ID',
    'latchkey applications revoke --user-id USER_ID --client-id https://app.example.com/client.json',
  )
    .description('take back what a user allowed an application; all its tokens for them end at once')
    .requiredOption('--user-id <id>', 'the user')
    .requiredOption('--client-id <id>', 'the application')
    .action(({ userId, clientId }: { userId: string; clientId: string }, command: Command) =>
      withClient(command, async (client, output) => {
        const path = await ofPerson(client, userId, 'applications')
        const answer = await client.request('DELETE', `${path}?client_id=${encodeURIComponent(clientId)}`)
        output.result(answer, `${asText(answer.client_id)} has no access any more.`)
      }),
    )
}
