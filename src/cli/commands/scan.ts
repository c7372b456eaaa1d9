// latchkey scan: this deployment's credentials in files, where they should not be.
import type { Command } from 'commander'
import { loadConfig } from '../../config/config.ts'
import { Refusal } from '../../errors.ts'
import { example, outputOf, refuseUrl } from '../context.ts'
import { asText } from '../output.ts'
import { Progress } from '../progress.ts'
import { type Finding, createScanner } from '../scan/find.ts'
import { walk } from '../scan/walk.ts'

const byForm = new Set(['client_secret', 'refresh_token'])

const line = ({ file, line: number, kind, hint }: Finding & { file: string }): string =>
  `${asText(file)}:${number}  ${kind}  ${hint}${byForm.has(kind) ? '  (by its form alone)' : ''}`

export const addScan = (program: Command): void => {
  example(program.command('scan'), 'latchkey scan .')
    .description("find this deployment's credentials in files; exit status 1 where there are any")
    .argument('<path>', 'a file or folder; .git, node_modules, links, binaries and files above 10 MB are left out')
    .action(async (path: string, _options: object, command: Command) => {
      refuseUrl(command)
      const output = outputOf(command)
      const { keyPrefixes } = await loadConfig(process.env)
      const scan = createScanner(keyPrefixes)
      const progress = new Progress()
      const data: (Finding & { file: string })[] = []
      const unreadable: { file: string; reason: string }[] = []
      let files = 0
      let skipped = 0
      try {
        for await (const visited of walk(path)) {
          if ('text' in visited) {
            data.push(...scan(visited.text).map((finding) => ({ file: visited.file, ...finding })))
            files++
            progress.show(`${files} files scanned, ${data.length} found`)
          } else if ('skipped' in visited) skipped++
          else unreadable.push({ file: visited.file, reason: visited.unreadable })
        }
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT')
          throw new Refusal('not_found', `There is no file or folder ${path}.`)
        throw error
      } finally {
        progress.clear()
      }
      for (const { file, reason } of unreadable)
        process.stderr.write(`latchkey: ${asText(file)} could not be read (${reason})\n`)
      const counts = `${files} files scanned, ${skipped} binary or above 10 MB left out${unreadable.length > 0 ? `, ${unreadable.length} unreadable` : ''}.`
      const told =
        data.length === 0
          ? 'No credentials found.'
          : `${data.map(line).join('\n')}\n\nFound ${data.length}. Revoke what others may have seen, with \`latchkey keys revoke\` or \`latchkey tokens revoke\`; deleting the text is not enough.`
      output.result({ data, next_cursor: null, files, skipped, unreadable }, `${told}\n${counts}`)
      if (data.length > 0) process.exitCode = 1
    })
}
