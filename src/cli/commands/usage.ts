// latchkey usage: what an organization has used of its limits.
import type { Command } from 'commander'
import { path } from '../client.ts'
import { example, withClient } from '../context.ts'
import { type Column, type Document, asCount, asTime, table } from '../output.ts'

const unlimited = (value: unknown): string => (value === null ? 'unlimited' : asCount(value))

/** Of months with a limit: what it will be at the end, and when it is used up before. */
const expected = (value: unknown): string => {
  if (typeof value !== 'object' || value === null) return ''
  const { expected: units, used_up_at: end } = value as { expected: number; used_up_at: string | null }
  return end === null ? asCount(units) : `${asCount(units)}, used up ${asTime(end)}`
}

const columns: readonly Column[] = [
  { title: 'API', field: 'api' },
  { title: 'Limit', field: 'limit_name' },
  { title: 'Environment', field: 'environment' },
  { title: 'Used', field: 'used', show: asCount },
  { title: 'Of', field: 'limit', show: unlimited },
  { title: 'Remaining', field: 'remaining', show: unlimited },
  { title: 'Since', field: 'period_start', show: asTime },
  { title: 'Resets', field: 'reset', show: asTime },
  { title: 'Expected', field: 'forecast', show: expected },
]

export const addUsage = (program: Command): void => {
  const usage = program.command('usage').description('what an organization has used of its limits')
  example(usage.command('show'), 'latchkey usage show --org-id ORG_ID')
    .description('show the present month of an organization')
    .requiredOption('--org-id <id>', 'the organization')
    .action(({ orgId }: { orgId: string }, command: Command) =>
      withClient(command, async (client, output) => {
        const listing = await client.request('GET', path`/organizations/${orgId}/usage`)
        const rows = listing.data as Document[]
        output.result(
          listing,
          rows.length === 0 ? 'No limit counts by organization, so there is nothing to show.' : table(columns, rows),
        )
      }),
    )
}
