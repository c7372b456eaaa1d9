// Imports point downward only, files stay short, and no folder becomes a drawer.
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const source = fileURLToPath(new URL('../../src/', import.meta.url))
const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))

/** Layers from the bottom; a file imports from its own layer and those below. */
const layers: readonly RegExp[][] = [
  [
    /^errors\.ts$/,
    /^rfc3339\.ts$/,
    /^uuid\.ts$/,
    /^network\.ts$/,
    /^version\.ts$/,
    /^log\.ts$/,
    /^shown-path\.ts$/,
    /^rounds\.ts$/,
    /^config\//,
    /^profiles\//,
    /^threads\//,
  ],
  [/^secret-box\.ts$/, /^store\//, /^credentials\/format\.ts$/],
  [/^tokens\//, /^limits\//, /^accounts\//, /^audit\//, /^mail\//],
  [/^credentials\/(?!format\.ts$)/, /^clients\//],
  [/^verify\//, /^usage\//, /^alerts\//, /^webhooks\//],
  [/^oauth\//, /^gateway\//, /^leaks\//, /^http\//, /^dashboard\//],
  [/routes\.ts$/, /(?<!\/own)-pages?\.ts$/],
  [/^deployment\.ts$/, /^app\.ts$/],
  [/^serve\.ts$/, /^listening\.ts$/, /^workers\//, /^cli\//],
  [/^main\.ts$/],
]

const layerOf = (file: string): number => {
  // the last match counts: routes and pages lie in their feature's folder and stand above it
  const found = layers.findLastIndex((patterns) => patterns.some((pattern) => pattern.test(file)))
  assert.notEqual(found, -1, `${file} is in no layer`)
  return found
}

/** Type-only imports cost nothing at run time but bind all the same: they count. */
const importsOf = (file: string): string[] =>
  [
    ...readFileSync(join(source, file), 'utf8').matchAll(
      /^\s*(?:import|export)\s(?:[^'"();]*?\sfrom\s)?['"](\.[^'"]+)['"]|import\('(\.[^']+)'\)/gm,
    ),
  ].map((match) => relative(source, join(source, dirname(file), match[1] ?? match[2] ?? '')))

test('imports point downward', () => {
  const upward = files.flatMap((file) =>
    importsOf(file)
      .filter((target) => layerOf(target) > layerOf(file))
      .map((target) => `${file} imports ${target}`),
  )
  assert.deepEqual(upward, [])
  assert.ok(files.flatMap(importsOf).length > 100, 'imports are found at all')
})

test('no profile is named outside src/profiles', () => {
  const named = files.filter(
    (file) =>
      !file.startsWith('profiles/') &&
      /['"](smoo|smally|smoxy|multi)['"]/.test(readFileSync(join(source, file), 'utf8')),
  )
  assert.deepEqual(named, [])
})

test('sessions are started by the sign-in alone, which asks for the second factor', () => {
  const starting = files.filter((file) =>
    /\baddSession\b|insertInto\('sessions'\)/.test(readFileSync(join(source, file), 'utf8')),
  )
  assert.deepEqual(starting.toSorted(), ['accounts/sessions.ts', 'accounts/sign-in.ts'])
  const startSession = files.filter((file) => /\bstartSession\b/.test(readFileSync(join(source, file), 'utf8')))
  assert.deepEqual(startSession, ['accounts/sessions.ts'], 'which only tests use')
})

test('files stay under 400 lines and say on line 1 what they own', () => {
  for (const file of files) {
    const lines = readFileSync(join(source, file), 'utf8').split('\n')
    assert.ok(lines.length <= 400, `${file} has ${lines.length} lines`)
    assert.match(lines[0] ?? '', /^(\/\/|#!)/, `${file} begins with a comment`)
  }
})

test('no folder or file is a drawer', () => {
  assert.deepEqual(
    files.filter((file) => /(^|[/-])(utils?|helpers?|common|shared|misc|manager)([/.-]|$)/.test(file)),
    [],
  )
})
