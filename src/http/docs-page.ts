// /openapi.json: OpenAPI 3.1 made from the running schemas. /docs: the same as a page to read.
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { type Html, type Piece, html, layout, pageHeaders } from './page.ts'

interface Schema {
  type?: string | string[]
  description?: string
  enum?: unknown[]
  const?: unknown
  format?: string
  items?: Schema
  anyOf?: Schema[]
  properties?: Record<string, Schema>
  required?: string[]
}

interface Operation {
  summary?: string
  tags?: string[]
  parameters?: { name: string; in: string; required?: boolean; schema?: Schema; description?: string }[]
  requestBody?: { content?: Record<string, { schema?: Schema }> }
  responses?: Record<string, { content?: Record<string, { schema?: Schema }> }>
}

interface Entry extends Operation {
  method: string
  path: string
}

/** A type in a few words. */
const words = (schema: Schema | undefined): string => {
  if (!schema) return 'any'
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ')
  if ('const' in schema) return JSON.stringify(schema.const)
  if (schema.anyOf) return schema.anyOf.map(words).join(' | ')
  if (schema.type === 'array') return `list of ${words(schema.items)}`
  if (schema.properties) return 'object'
  return [schema.type ?? 'any'].flat().join(' | ') + (schema.format ? ` (${schema.format})` : '')
}

/** Text with its `words in backticks` as code. */
const prose = (text: string): Piece[] =>
  text.split('`').map((part, index) => (index % 2 === 0 ? part : html`<code>${part}</code>`))

/** May be broken behind a slash, so that no name is. */
const breakable = (path: string): Html[] => path.split(/(?<=\/)(?=[^/])/).map((part) => html`${part}<wbr />`)

const row = (
  name: string,
  schema: Schema | undefined,
  required: boolean,
  description = schema?.description ?? '',
): Html =>
  html`<tr>
    <td><code>${name}</code>${required ? '' : html` <small>optional</small>`}</td>
    <td>${words(schema)}</td>
    <td>${prose(description)}</td>
  </tr>`

const table = (caption: string, rows: Html[]): Html | undefined =>
  rows.length === 0
    ? undefined
    : html`<div class="scroll">
        <table>
          <caption>
            ${caption}
          </caption>
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Type</th>
              <th scope="col">Meaning</th>
            </tr>
          </thead>
          <tbody>
            ${rows}
          </tbody>
        </table>
      </div>`

const fields = (caption: string, schema: Schema | undefined): Html | undefined =>
  table(
    caption,
    Object.entries(schema?.properties ?? {}).map(([name, field]) =>
      row(name, field, schema?.required?.includes(name) ?? false),
    ),
  )

const operation = ({ method, path, summary, parameters = [], requestBody, responses = {} }: Entry): Html => {
  const body = Object.values(requestBody?.content ?? {})[0]?.schema
  const [status, answer] = Object.entries(responses).find(([code]) => code.startsWith('2')) ?? []
  return html`<details>
    <summary>
      <code class="method">${method.toUpperCase()}</code> <code class="path">${breakable(path)}</code>
      <span class="what">${summary ?? ''}</span>
    </summary>
    ${table(
      'Parameters',
      parameters.map(({ name, in: place, required, schema, description }) =>
        row(`${name} (${place})`, schema, required ?? false, description),
      ),
    )}
    ${fields('Body', body)} ${fields(`Answer ${status ?? ''}`, Object.values(answer?.content ?? {})[0]?.schema)}
  </details>`
}

const page = (document: { paths?: Record<string, Record<string, Operation> | undefined> }): string => {
  const byTag = new Map<string, Entry[]>()
  for (const [path, operations] of Object.entries(document.paths ?? {})) {
    for (const [method, entry] of Object.entries(operations ?? {})) {
      const tag = entry.tags?.[0] ?? 'other'
      byTag.set(tag, [...(byTag.get(tag) ?? []), { ...entry, method, path }])
    }
  }
  const sections = [...byTag]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(
      ([tag, entries]) =>
        html`<section>
          <h2>${tag}</h2>
          ${entries.map(operation)}
        </section>`,
    )
  return layout(
    'HTTP API',
    html`<p>
        Send a credential as <code>Authorization: Bearer …</code>. The same as a document for tools:
        <a href="/openapi.json">openapi.json</a>.
      </p>
      ${sections}`,
    'wide',
  )
}

export const docsPages = (): FastifyPluginAsync => async (app: FastifyInstance) => {
  let rendered: string | undefined
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger())
  app.get('/docs', { schema: { hide: true } }, (_request, reply) => {
    rendered ??= page(app.swagger() as Parameters<typeof page>[0])
    return reply.headers(pageHeaders()).send(rendered)
  })
}
