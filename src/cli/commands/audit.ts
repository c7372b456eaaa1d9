// latchkey audit: who changed what, when and from where.
import { type Command, Option } from 'commander'
import { path } from '../client.ts'
import { example, withClient } from '../context.ts'
import { listAll, sayList } from '../lists.ts'
import { type Paging, pagingOptions, parseBeginning, parseEnd } from '../options.ts'
import { type Column, asTime } from '../output.ts'

const columns: readonly Column[] = [
  { title: 'When', field: 'at', show: asTime },
  { title: 'Action', field: 'action' },
  { title: 'Actor', field: 'actor_kind' },
  { title: 'Actor ID', field: 'actor_id' },
  { title: 'Target ID', field: 'target_id' },
  { title: 'Person', field: 'user_name' },
  { title: 'Organization ID', field: 'organization_id' },
  { title: 'From', field: 'ip' },
  { title: 'Detail', field: 'detail' },
]

interface Filters extends Paging {
  orgId?: string
  action?: string
  userId?: string
  actorId?: string
  targetId?: string
  since?: string
  until?: string
  search?: string
}

export const addAudit = (program: Command): void => {
  const [limit, cursor] = pagingOptions()
  const audit = program.command('audit').description('the audit trail of every change')
  example(audit.command('list'), 'latchkey audit list --since 2027-01-01 --action api_key.revoked')
    .description('list changes, newest first')
    .option('--org-id <id>', 'changes in this organization')
    .option(
      '--action <name>',
      'changes of this kind, as in api_key.revoked, or of all that begin alike, as in "api_key.*"',
    )
    .option('--user-id <id>', 'changes by this person, by whatever credential')
    .option('--actor-id <id>', 'changes by this credential or session')
    .option('--target-id <id>', 'changes to this')
    .addOption(new Option('--since <date>', 'changes from this time on').argParser(parseBeginning))
    .addOption(
      new Option('--until <date>', 'changes before this time; a bare date includes that day').argParser(parseEnd),
    )
    .option('--search <text>', 'changes whose name has this in it, or whose target has this id')
    .addOption(limit)
    .addOption(cursor)
    .action(
      ({ orgId, action, userId, actorId, targetId, since, until, search, ...paging }: Filters, command: Command) =>
        withClient(command, async (client, output) => {
          const where = orgId === undefined ? '/audit' : path`/organizations/${orgId}/audit`
          const ids = { user_id: userId, actor_id: actorId, target_id: targetId }
          const listing = await listAll(client, where, paging, { action, ...ids, since, until, q: search })
          sayList(output, listing, columns, 'There are no such changes.')
        }),
    )
}
