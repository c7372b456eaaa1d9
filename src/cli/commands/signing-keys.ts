// latchkey signing-keys: what tokens are signed with. For operators.
import { type Command, Option } from 'commander'
import { example, withClient } from '../context.ts'
import { type Column, type Document, asTime, details, table } from '../output.ts'

const columns: readonly Column[] = [
  { title: 'ID', field: 'id' },
  { title: 'Algorithm', field: 'algorithm' },
  { title: 'API', field: 'api' },
  { title: 'Created', field: 'created_at', show: asTime },
  { title: 'Signs until', field: 'retired_at', show: asTime },
  { title: 'Verifies until', field: 'expires_at', show: asTime },
]

export const addSigningKeys = (program: Command): void => {
  const keys = program
    .command('signing-keys')
    .description('signing keys of the deployment: list, rotate, export a secret')

  example(keys.command('list'), 'latchkey signing-keys list')
    .description('list signing keys')
    .action((_options: object, command: Command) =>
      withClient(command, async (client, output) => {
        const listing = await client.request('GET', '/signing-keys')
        output.result(listing, table(columns, listing.data as Document[]))
      }),
    )

  example(keys.command('rotate'), 'latchkey signing-keys rotate', 'latchkey signing-keys rotate --algorithm ES256')
    .description('make new signing keys; the old ones verify until their last token has expired')
    .addOption(new Option('--algorithm <name>', 'only this one').choices(['ES256', 'RS256', 'EdDSA', 'HS256']))
    .option('--api <name>', 'only the HS256 secret of this API')
    .action(({ algorithm, api }: { algorithm?: string; api?: string }, command: Command) =>
      withClient(command, async (client, output) => {
        const listing = await client.request('POST', '/signing-keys/rotate', { algorithm, api })
        output.result(listing, table(columns, listing.data as Document[]))
      }),
    )

  example(keys.command('export'), 'latchkey signing-keys export --api NAME')
    .description('show the HS256 secret with which an API verifies its own tokens; written to the audit trail')
    .requiredOption('--api <name>', 'the API')
    .action(({ api }: { api: string }, command: Command) =>
      withClient(command, async (client, output) => {
        const exported = await client.request('POST', '/signing-keys/export', { api })
        output.note(
          'Whoever has this secret can make tokens that this API takes for genuine. Keep it where only the API can read it.',
        )
        output.result(
          exported,
          details(
            [
              { title: 'API', field: 'api' },
              { title: 'Key ID', field: 'id' },
              { title: 'Secret', field: 'secret' },
            ],
            exported,
          ),
        )
      }),
    )
}
