// What the documents point at exists: links, files, commands, variables.
import assert from 'node:assert/strict'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { buildProgram } from '../../src/cli/program.ts'
import { catalogue } from '../../src/errors.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

const documents = [
  '.',
  'docs',
  'examples/seeds',
  'examples/nginx',
  'examples/caddy',
  'examples/sdk-express',
  'sdk',
].flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name)),
)
const textOf = (document: string): string => readFileSync(join(root, document), 'utf8')

const allMatches = (pattern: RegExp): [string, string][] =>
  documents.flatMap((document) =>
    [...textOf(document).matchAll(pattern)].map((match): [string, string] => [document, match[1] ?? '']),
  )

test('every relative link leads somewhere', () => {
  const links = allMatches(/\]\((?!https?:|#)([^)#]+)/g)
  assert.ok(links.length > 10)
  assert.deepEqual(
    links.filter(([document, target]) => !existsSync(join(root, dirname(document), target))),
    [],
  )
})

test('every source and test file that is named exists', () => {
  const named = allMatches(/`((?:src|test|examples|scripts|bench)\/[^\s`]*)`/g)
  assert.ok(named.length > 50)
  assert.deepEqual(
    named.filter(([, path]) => !existsSync(join(root, path))),
    [],
  )
})

test('every command that is shown is one, with its options', () => {
  const find = (words: readonly string[]): Command | undefined => {
    let command: Command = buildProgram()
    for (const word of words) {
      const next = command.commands.find((each) => each.name() === word)
      if (!next) break
      command = next
    }
    return command.commands.length === 0 ? command : undefined
  }
  const nouns = buildProgram().commands.map((command) => command.name())
  const shown = allMatches(/\blatchkey ([a-z][^\n`|]*)/g).filter(([, text]) =>
    nouns.includes(text.split(' ', 1)[0] ?? ''),
  )
  assert.ok(shown.length > 20)
  for (const [document, text] of shown) {
    const command = find(text.split(' '))
    assert.ok(command, `${document}: latchkey ${text}`)
    const known = [...command.options, ...buildProgram().options].map(({ long }) => long)
    for (const [option] of text.split('#')[0]?.matchAll(/--[a-z][a-z-]*/g) ?? [])
      assert.ok(known.includes(option), `${document}: latchkey ${text}: ${option}`)
  }
})

test('every code of the catalogue is explained, and no other', () => {
  const rows = [...textOf('docs/errors.md').matchAll(/^\| `([a-z_]+)` \| (\d+) \|/gm)]
  assert.deepEqual(
    new Map(rows.map(([, code = '', status]) => [code, Number(status)])),
    new Map(Object.entries(catalogue).map(([code, { status }]) => [code, status])),
  )
})

test('every variable of the environment that is read is documented, and no other', () => {
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  )
  const read = sources.flatMap((file) =>
    [...readFileSync(join(root, 'src', file), 'utf8').matchAll(/\benv\.([A-Z_]+)/g)].map((match) => match[1]),
  )
  const rows = [...textOf('docs/configuration.md').matchAll(/^\| (`[A-Z_`, ]+`) \|/gm)]
  const documented = rows.flatMap(([, names = '']) => [...names.matchAll(/[A-Z_]+/g)].map(([name]) => name))
  assert.deepEqual(new Set(documented), new Set(read))
})
