// latchkey verify: how a credential would be judged, check by check, without spending anything.
import type { Command } from 'commander'
import { example, withClient } from '../context.ts'
import { scopeOption } from '../options.ts'
import { type Column, type Document, asCount, asExpiry, asText, details, table } from '../output.ts'
import { readCredential } from '../standard-input.ts'

const principalColumns: readonly Column[] = [
  { title: 'Kind', field: 'kind' },
  { title: 'ID', field: 'id' },
  { title: 'Name', field: 'name' },
  { title: 'Subject', field: 'subject' },
  { title: 'Organization', field: 'organization_id' },
  { title: 'Tier', field: 'tier' },
  { title: 'Environment', field: 'environment' },
  { title: 'Scopes', field: 'scopes' },
  { title: 'Expires', field: 'expires_at', show: asExpiry },
]

const unlimited = (value: unknown): string => (value === null ? 'unlimited' : asCount(value))
const unixTime = (value: unknown): string =>
  typeof value === 'number' ? `${new Date(value * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC` : '-'

const limitColumns: readonly Column[] = [
  { title: 'Limit', field: 'name' },
  { title: 'Of', field: 'limit', show: unlimited },
  { title: 'Remaining', field: 'remaining', show: unlimited },
  { title: 'Resets', field: 'reset', show: unixTime },
]

const mark = (passed: unknown): string => (passed === true ? '✓' : passed === false ? '✗' : '–')

const asSentences = (answer: Document): string => {
  const checks = answer.checks as Document[]
  const width = Math.max(...checks.map(({ check }) => asText(check).length))
  const lines = checks.map(({ check, passed, detail }) =>
    `${mark(passed)} ${asText(check).padEnd(width)}  ${detail === undefined ? '' : asText(detail)}`.trimEnd(),
  )
  const blocks = [
    lines.join('\n'),
    answer.valid === true
      ? `Valid at ${asText(answer.api)}.`
      : `Refused at ${asText(answer.api)}: ${asText(answer.code)}`,
  ]
  if (answer.principal !== undefined) blocks.push(details(principalColumns, answer.principal as Document))
  const limits = (answer.limits ?? []) as Document[]
  if (limits.length > 0) blocks.push(table(limitColumns, limits))
  return blocks.join('\n\n')
}

export const addVerify = (program: Command): void => {
  example(program.command('verify'), 'latchkey verify - --api default --scope read < key.txt')
    .description('explain check by check how a credential would be judged; spends nothing')
    .argument('<credential>', 'the credential, or - to read it from standard input, where no other process sees it')
    .option('--api <name>', 'the API that it is shown to (default: the default API)')
    .addOption(scopeOption('scopes that the request needs'))
    .option('--organization <id>', 'the organization that the request names')
    .option('--ip <address>', 'where the request comes from')
    .action(
      async (
        argument: string,
        { api, scope, organization, ip }: { api?: string; scope?: string; organization?: string; ip?: string },
        command: Command,
      ) => {
        const credential = await readCredential(argument, 'Credential')
        await withClient(command, async (client, output) => {
          const answer = await client.request('POST', '/explain', {
            credential,
            api,
            scopes: scope?.split(' '),
            organization_id: organization,
            ip,
          })
          output.result(answer, asSentences(answer))
          if (answer.valid !== true) process.exitCode = 1
        })
      },
    )
}
