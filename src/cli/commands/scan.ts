// latchkey scan: this deployment's credentials in files, where they should not be; and what is to be done about them.
import type { Command } from 'commander'
import { loadConfig } from '../../config/config.ts'
import { Refusal } from '../../errors.ts'
import type { LeakResult } from '../../leaks/report.ts'
import { openClient } from '../client.ts'
import { example, globalsOf, outputOf, refuseUrl } from '../context.ts'
import { asText } from '../output.ts'
import { Progress } from '../progress.ts'
import { type Finding, createScanner } from '../scan/find.ts'
import { reportFound } from '../scan/report.ts'
import { walk } from '../scan/walk.ts'
import { isAgreed } from '../standard-input.ts'

interface Options {
  report?: true
  yes?: true
}

/** `value` never leaves this process but in a report. */
interface Place extends Finding {
  file: string
  value: string
}

interface Scanned {
  places: Place[]
  files: number
  skipped: number
  unreadable: { file: string; reason: string }[]
}

const byForm = new Set(['client_secret', 'refresh_token'])

const doneWords: Record<LeakResult['done'], string> = {
  revoked: 'revoked',
  notified: 'works on; whoever it belongs to is told',
  ended: 'had ended before',
  unknown: 'nothing of this deployment',
}

const line = ({ file, line: number, kind, hint }: Place, result: LeakResult | undefined): string =>
  [
    `${asText(file)}:${number}`,
    kind,
    result ? `${hint}  ${doneWords[result.done]}` : `${hint}${byForm.has(kind) ? '  (by its form alone)' : ''}`,
  ].join('  ')

const scanFiles = async (path: string, prefixes: readonly string[]): Promise<Scanned> => {
  const scan = createScanner(prefixes)
  const progress = new Progress()
  const scanned: Scanned = { places: [], files: 0, skipped: 0, unreadable: [] }
  /** A file may be called by a credential. */
  const nameOf = (file: string): string =>
    scan(file).reduce((name, { value, hint }) => name.replaceAll(value, hint), file)
  try {
    for await (const visited of walk(path)) {
      const file = nameOf(visited.file)
      if ('text' in visited) {
        scanned.places.push(...scan(visited.text).map((finding) => ({ file, ...finding })))
        scanned.files++
        progress.show(`${scanned.files} files scanned, ${scanned.places.length} found`)
      } else if ('skipped' in visited) scanned.skipped++
      else scanned.unreadable.push({ file, reason: visited.unreadable })
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new Refusal('not_found', `There is no file or folder ${path}.`)
    throw error
  } finally {
    progress.clear()
  }
  return scanned
}

/** What the keys of the deployment at `url` begin with. */
const prefixesOf = async (url: string): Promise<string[]> => {
  const client = await openClient(url)
  try {
    const { key_prefix: prefix } = await client.request('GET', '/deployment')
    return typeof prefix === 'string' && /^[a-z0-9]{1,20}$/.test(prefix) ? [prefix] : []
  } finally {
    await client.close()
  }
}

/** What came of each value; undefined: nothing was reported. */
const report = async (
  places: readonly Place[],
  url: string | undefined,
  agreed: boolean,
): Promise<ReadonlyMap<string, LeakResult> | undefined> => {
  const values = new Set(places.map(({ value }) => value)).size
  if (values === 0) return undefined
  const question = `Report ${values === 1 ? 'this credential' : `these ${values} credentials`}? Whoever they belong to is told, and those of environments whose policy says so are revoked at once.`
  if (!agreed && !(await isAgreed(question))) return undefined
  const client = await openClient(url)
  try {
    return await reportFound(
      client,
      places.map(({ value, file, line: number }) => ({ value, place: `${file}:${number}` })),
    )
  } finally {
    await client.close()
  }
}

const advice = (results: ReadonlyMap<string, LeakResult> | undefined): string => {
  if (!results)
    return 'Revoke what others may have seen, with --report, `latchkey keys revoke` or `latchkey tokens revoke`; deleting the text is not enough.'
  const working = [...results.values()].filter(({ done }) => done === 'notified').length
  return working === 0
    ? 'None of them works any more.'
    : `${working} of them still ${working === 1 ? 'works' : 'work'}: revoke with \`latchkey keys revoke\` or \`latchkey tokens revoke\`.`
}

export const addScan = (program: Command): void => {
  example(program.command('scan'), 'latchkey scan .', 'latchkey scan . --report')
    .description("find this deployment's credentials in files; exit status 1 where there are any")
    .argument('<path>', 'a file or folder; .git, node_modules, links, binaries and files above 10 MB are left out')
    .option('--report', 'report what is found as leaked: owners are told, or it is revoked, as `leaks.policy` says')
    .option('--yes', 'report without asking; it is asked on a terminal only')
    .action(async (path: string, options: Options, command: Command) => {
      if (!options.report) refuseUrl(command)
      const output = outputOf(command)
      const { url } = globalsOf(command)
      const { keyPrefixes } = await loadConfig(process.env)
      const prefixes = url === undefined ? keyPrefixes : [...keyPrefixes, ...(await prefixesOf(url))]
      const { places, files, skipped, unreadable } = await scanFiles(path, prefixes)
      for (const { file, reason } of unreadable)
        process.stderr.write(`latchkey: ${asText(file)} could not be read (${reason})\n`)
      if (places.length > 0) process.exitCode = 1
      const results = options.report && (await report(places, url, options.yes === true || output.json))
      const data = places.map(({ value, file, ...finding }) => {
        const { id = null, organization_id = null, done = null } = results?.get(value) ?? {}
        return { file, ...finding, ...(results && { id, organization_id, done }) }
      })
      const counts = `${files} files scanned, ${skipped} binary or above 10 MB left out${unreadable.length > 0 ? `, ${unreadable.length} unreadable` : ''}.`
      const told =
        places.length === 0
          ? 'No credentials found.'
          : `${places.map((place) => line(place, results?.get(place.value))).join('\n')}\n\nFound ${places.length}. ${advice(results)}`
      output.result({ data, next_cursor: null, files, skipped, unreadable }, `${told}\n${counts}`)
    })
}
