// latchkey legacy-tokens: tokens made elsewhere, imported so that their callers can go on until they have changed.
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { Command } from 'commander'
import type { BadLine, LegacyLine } from '../../credentials/import-legacy.ts'
import { Refusal } from '../../errors.ts'
import { type ManagementClient, path } from '../client.ts'
import { example, withClient } from '../context.ts'
import { listAll, sayList } from '../lists.ts'
import { type Paging, pagingOptions } from '../options.ts'
import { type Column, asLastUsed, asText, asTime } from '../output.ts'
import { Progress } from '../progress.ts'

const columns: readonly Column[] = [
  { title: 'ID', field: 'id' },
  { title: 'Name', field: 'name' },
  { title: 'Token', field: 'hint' },
  { title: 'User ID', field: 'user_id' },
  { title: 'Organization ID', field: 'organization_id', show: (value) => (value === null ? 'all' : asText(value)) },
  { title: 'Created', field: 'created_at', show: asTime },
  { title: 'Last used', field: 'last_used_at', show: asLastUsed },
  {
    title: 'Successor',
    field: 'successor',
    show: (value) => asText(value === null ? null : (value as { id: string }).id),
  },
]

/** A batch is sent when it has so many lines, or so many characters: well below what the API takes in one body. */
const maxBatchLines = 1000
const maxBatchCharacters = 500_000

interface Imported {
  imported: number
  skipped: number
  failed: BadLine[]
}

/** Sends lines in batches until they end or `stopped` says so; after each batch calls `done` with what there is by then. */
const importLines = async (
  client: ManagementClient,
  lines: AsyncIterable<LegacyLine | BadLine>,
  stopped: () => boolean,
  done: (total: Imported) => void,
): Promise<Imported> => {
  const total: Imported = { imported: 0, skipped: 0, failed: [] }
  let batch: LegacyLine[] = []
  let characters = 0
  const send = async (): Promise<void> => {
    if (batch.length === 0) return
    const answer = await client.request('POST', '/legacy-tokens/import', { lines: batch })
    batch = []
    characters = 0
    total.imported += answer.imported as number
    total.skipped += answer.skipped as number
    total.failed.push(...(answer.failed as BadLine[]))
    done(total)
  }
  for await (const line of lines) {
    if ('reason' in line) total.failed.push(line)
    else {
      batch.push(line)
      characters += JSON.stringify(line).length
    }
    if (batch.length < maxBatchLines && characters < maxBatchCharacters) continue
    await send()
    if (stopped()) break
  }
  if (!stopped()) await send()
  total.failed.sort((a, b) => a.line - b.line)
  return total
}

const importFile = async (client: ManagementClient, file: string): Promise<Imported & { stopped: boolean }> => {
  const { size } = await stat(file).catch((error: NodeJS.ErrnoException) => {
    throw new Refusal(
      'not_found',
      `${file} cannot be read: ${error.code === 'ENOENT' ? 'there is no such file' : error.message}.`,
    )
  })
  const { readLegacyCsv } = await import('../../credentials/legacy-csv.ts')
  const input = createReadStream(file)
  const progress = new Progress()
  let stopped = false
  let kept = 0
  const stop = (): void => {
    stopped = true
  }
  process.once('SIGINT', stop)
  try {
    const total = await importLines(
      client,
      readLegacyCsv(input),
      () => stopped,
      ({ imported, skipped, failed }) => {
        kept = imported
        const share = size === 0 ? 1 : Math.min(1, input.bytesRead / size)
        const bar = '#'.repeat(Math.round(share * 20)).padEnd(20, '.')
        progress.show(
          `[${bar}] ${Math.floor(share * 100)} %  ${imported} imported, ${skipped} skipped, ${failed.length} failed`,
        )
      },
    )
    return { ...total, stopped }
  } catch (error) {
    progress.clear()
    if (kept > 0)
      process.stderr.write(`latchkey: ${kept} were imported and stay; run the same command again for the rest.\n`)
    throw error
  } finally {
    progress.clear()
    process.off('SIGINT', stop)
    input.destroy()
  }
}

export const addLegacyTokens = (program: Command): void => {
  const legacy = program.command('legacy-tokens').description('tokens made elsewhere: import, list, delete')
  const [limit, cursor] = pagingOptions()

  example(legacy.command('import'), 'latchkey legacy-tokens import tokens.csv')
    .description('import tokens; run it again after an interruption, lines that are done are skipped')
    .argument(
      '<file>',
      'CSV with the header name,owner,organization,token (or sha256 in place of token); owner is an e-mail address or id',
    )
    .action((file: string, _options: object, command: Command) =>
      withClient(command, async (client, output) => {
        const { stopped, ...total } = await importFile(client, file)
        const { imported, skipped, failed } = total
        const lines = failed.map(({ line, reason }) => `line ${line}: ${asText(reason)}`)
        output.result(
          total,
          [...lines, `${imported} imported, ${skipped} skipped (there already), ${failed.length} failed.`].join('\n'),
        )
        if (failed.length > 0) process.exitCode = 1
        if (stopped) {
          process.stderr.write('latchkey: Stopped. What was imported stays; run the same command again for the rest.\n')
          process.exitCode = 1
        }
      }),
    )

  example(legacy.command('list'), 'latchkey legacy-tokens list')
    .description('list legacy tokens, newest first: all of them for operators, else your own')
    .addOption(limit)
    .addOption(cursor)
    .action((paging: Paging, command: Command) =>
      withClient(command, async (client, output) => {
        const { operator } = await client.request('GET', '/users/me')
        sayList(
          output,
          await listAll(client, operator === true ? '/legacy-tokens' : '/account/legacy-tokens', paging),
          columns,
          'There are no legacy tokens.',
        )
      }),
    )

  example(legacy.command('delete'), 'latchkey legacy-tokens delete --token-id TOKEN_ID')
    .description('delete a legacy token; whatever still uses it stops working at once')
    .requiredOption('--token-id <id>', 'the token')
    .action(({ tokenId }: { tokenId: string }, command: Command) =>
      withClient(command, async (client, output) => {
        const { operator } = await client.request('GET', '/users/me')
        const answer = await client.request(
          'DELETE',
          operator === true ? path`/legacy-tokens/${tokenId}` : path`/account/legacy-tokens/${tokenId}`,
        )
        output.result(answer, `Legacy token ${asText(tokenId)} is deleted.`)
      }),
    )
}
