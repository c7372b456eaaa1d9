// latchkey users: the people that Latchkey knows. For operators.
import type { Command } from 'commander'
import { path } from '../client.ts'
import { example, withClient } from '../context.ts'
import { listAll, sayList } from '../lists.ts'
import { type Paging, pagingOptions } from '../options.ts'
import { type Column, asText, asTime, details, once } from '../output.ts'
import { readSecretInput } from '../standard-input.ts'

const columns: readonly Column[] = [
  { title: 'ID', field: 'id' },
  { title: 'E-mail', field: 'email' },
  { title: 'Name', field: 'name' },
  { title: 'Operator', field: 'operator' },
  { title: 'Created', field: 'created_at', show: asTime },
  { title: 'Suspended', field: 'suspended_at', show: asTime },
]

interface Named {
  userId: string
}

export const addUsers = (program: Command): void => {
  const users = program.command('users').description('people: make, list, suspend, delete, invite')
  const [limit, cursor] = pagingOptions()

  example(
    users.command('create'),
    'latchkey users create --email ada@example.com --name "Ada Lovelace"',
    'latchkey users create --email ops@example.com --name Ops --operator --password-stdin < password.txt',
  )
    .description('make a user')
    .requiredOption('--email <email>', 'e-mail address; nobody else may have it')
    .requiredOption('--name <name>', 'what people call them')
    .option('--operator', 'may do everything on this deployment')
    .option(
      '--password-stdin',
      'read a password from standard input; without one, `latchkey users link` lets them choose it',
    )
    .action(
      async (
        {
          email,
          name,
          operator,
          passwordStdin,
        }: { email: string; name: string; operator?: true; passwordStdin?: true },
        command: Command,
      ) => {
        const password = passwordStdin && (await readSecretInput('Password'))
        await withClient(command, async (client, output) => {
          const user = await client.request('POST', '/users', { email, name, operator, password })
          output.result(user, details(columns, user))
        })
      },
    )

  example(users.command('list'), 'latchkey users list')
    .description('list users, newest first')
    .addOption(limit)
    .addOption(cursor)
    .action((paging: Paging, command: Command) =>
      withClient(command, async (client, output) =>
        sayList(
          output,
          await listAll(client, '/users', paging),
          columns,
          'There are no users yet. Make the first: latchkey users create --operator',
        ),
      ),
    )

  const suspension = (verb: 'suspend' | 'resume', what: string, suspended: boolean): void => {
    example(users.command(verb), `latchkey users ${verb} --user-id USER_ID`)
      .description(what)
      .requiredOption('--user-id <id>', 'the user')
      .action(({ userId }: Named, command: Command) =>
        withClient(command, async (client, output) => {
          const user = await client.request('PATCH', path`/users/${userId}`, { suspended })
          output.result(
            user,
            `${asText(user.name)} (${asText(user.id)}) is ${suspended ? 'suspended: none of their tokens work' : 'active again'}.`,
          )
        }),
      )
  }
  suspension('suspend', 'stop all tokens of a user at once', true)
  suspension('resume', 'let a suspended user act again', false)

  example(users.command('delete'), 'latchkey users delete --user-id USER_ID')
    .description('delete a user and their tokens; API keys that they made stay with the organization')
    .requiredOption('--user-id <id>', 'the user')
    .action(({ userId }: Named, command: Command) =>
      withClient(command, async (client, output) => {
        const answer = await client.request('DELETE', path`/users/${userId}`)
        output.result(answer, `User ${asText(answer.id)} is deleted.`)
      }),
    )

  example(users.command('reset-factors'), 'latchkey users reset-factors --user-id USER_ID')
    .description(
      'take authenticator app, passkeys and recovery codes from a user who has lost them, and sign them out everywhere',
    )
    .requiredOption('--user-id <id>', 'the user')
    .action(({ userId }: Named, command: Command) =>
      withClient(command, async (client, output) => {
        const answer = await client.request('DELETE', path`/users/${userId}/factors`)
        output.result(
          answer,
          `User ${asText(answer.id)} signs in with their password alone from now on, or by a link: latchkey users link`,
        )
      }),
    )

  example(users.command('link'), 'latchkey users link --user-id USER_ID')
    .description('make a link with which a user sets their password (single use, 24 hours)')
    .requiredOption('--user-id <id>', 'the user')
    .action(({ userId }: Named, command: Command) =>
      withClient(command, async (client, output) => {
        const link = await client.request('POST', path`/users/${userId}/link`)
        output.result(link, `${once('link', link.url)}\nIt works once, until ${asTime(link.expires_at)}.`)
      }),
    )
}
