// Writes the management client's types from the OpenAPI document that the server makes of its own routes.
import '../../scripts/require-node.mjs'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { buildApp } from '../../src/app.ts'
import { buildConfig } from '../../src/config/config.ts'
import { catalogue } from '../../src/errors.ts'
import { commentOf, typeOf } from './schema-type.mjs'

const target = fileURLToPath(new URL('../src/management/generated.ts', import.meta.url))
const prefix = '/api/v1/'

/** The document of a server that nobody calls. */
const openApi = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-sdk-'))
  try {
    const app = await buildApp(buildConfig({ LATCHKEY_DATA: folder }, {}), { log: pino({ level: 'silent' }) })
    const document = app.server.swagger()
    await app.close()
    return document
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const json = (content) => content?.['application/json']?.schema

const objectOf = (parameters) => ({
  type: 'object',
  properties: Object.fromEntries(
    parameters.map(({ name, schema, description }) => [name, { ...schema, ...(description && { description }) }]),
  ),
  // what has a default need not be sent
  required: parameters
    .filter(({ required, schema }) => required && schema.default === undefined)
    .map(({ name }) => name),
  additionalProperties: false,
})

/** Answers that are no JSON are given as they come. */
const answerOf = ({ responses }) => {
  const [, { content } = {}] = Object.entries(responses).find(([status]) => status.startsWith('2')) ?? []
  return json(content)
}

const isList = (answer, parameters) =>
  answer?.properties?.data?.type === 'array' && parameters.some(({ name }) => name === 'cursor')

const read = (path, method, operation) => {
  const { operationId, summary, description, parameters = [], requestBody } = operation
  const body = json(requestBody?.content)
  const answer = answerOf(operation)
  const kind = answer === undefined ? 'raw' : isList(answer, parameters) ? 'list' : 'json'
  const route = `${method.toUpperCase()} ${path}`
  return {
    operationId,
    kind,
    member: `${commentOf([summary, description, `\`${route}\``].filter(Boolean).join('. '), 1)}  ${operationId}: {
    parameters: ${typeOf(objectOf(parameters), 2)}
    body: ${body ? typeOf(body, 2) : 'undefined'}
    answer: ${answer ? typeOf(answer, 2) : 'Response'}
  }`,
    row: `  ${operationId}: ['${method.toUpperCase()}', '${path}', '${kind}'],`,
  }
}

const union = (words) => words.map((word) => `'${word}'`).join(' | ')

const { paths } = await openApi()
const found = Object.entries(paths)
  .filter(([path]) => path.startsWith(prefix))
  .flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => read(path, method, operation)))
  .toSorted((a, b) => (a.operationId < b.operationId ? -1 : 1))
const lists = found.filter(({ kind }) => kind === 'list')

mkdirSync(dirname(target), { recursive: true })
writeFileSync(
  target,
  `// Written by scripts/generate.mjs from the server's own description of its API. Not to be edited.

/** Codes of a refusal. */
export type ErrorCode = ${union(Object.keys(catalogue))}

export interface Operations {
${found.map(({ member }) => member).join('\n')}
}

/** Operations whose answers come in pages. */
export type ListOperation = ${union(lists.map(({ operationId }) => operationId))}

export const operations = {
${found.map(({ row }) => row).join('\n')}
} as const satisfies Record<keyof Operations, readonly [method: string, path: string, kind: 'json' | 'list' | 'raw']>
`,
)
console.log(`sdk: ${found.length} operations of the management API`)
