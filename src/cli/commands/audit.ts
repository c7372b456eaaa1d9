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
  { title: 'Organization ID', field: 'organization_id' },
  { title: 'From', field: 'ip' },
  { title: 'Detail', field: 'detail' },
]

interface Filters extends Paging {
  orgId?: string
  action?: string
  actorId?: string
  targetId?: string
  since?: string
  until?: string
}

export const addAudit = (program: Command): void => {
  const [limit, cursor] = pagingOptions()
  const audit = program.command('audit').description('the audit trail of every change')
  example(audit.command('list'), 'latchkey audit list --since 2027-01-01 --action api_key.revoked')
    .description('list changes, newest first')
    .option('--org-id <id>', 'changes in this organization')
    .option('--action <name>', 'changes of this kind, as in api_key.revoked')
    .option('--actor-id <id>', 'changes by this credential or person')
    .option('--target-id <id>', 'changes to this')
    .addOption(new Option('--since <date>', 'changes from this time on').argParser(parseBeginning))
    .addOption(
      new Option('--until <date>', 'changes before this time; a bare date includes that day').argParser(parseEnd),
    )
    .addOption(limit)
    .addOption(cursor)
    .action(({ orgId, action, actorId, targetId, since, until, ...paging }: Filters, command: Command) =>
      withClient(command, async (client, output) => {
        const where = orgId === undefined ? '/audit' : path`/organizations/${orgId}/audit`
        sayList(
          output,
          await listAll(client, where, paging, { action, actor_id: actorId, target_id: targetId, since, until }),
          columns,
          'There are no such changes.',
        )
      }),
    )
}
