// Pages that the server renders itself: plain HTML that works without JavaScript, under a policy that lets nothing else in.
import { createHash } from 'node:crypto'
import { style } from './page-style.ts'

/** HTML that is safe to send. Only `html` makes it, and `html` escapes whatever is not. */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** Text as it stands in an element or in a quoted attribute. */
export const escape = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => entities[character] ?? character)

export type Piece = string | number | Html | undefined | readonly Piece[]

const render = (piece: Piece): string => {
  if (piece === undefined) return ''
  if (piece instanceof Html) return piece.text
  return typeof piece === 'object' ? piece.map(render).join('') : escape(String(piece))
}

/** A template of HTML. Values are escaped unless they are HTML themselves; undefined is nothing. Attributes must be quoted. */
export const html = (parts: TemplateStringsArray, ...values: Piece[]): Html =>
  new Html(parts.map((part, index) => part + render(values[index])).join(''))

const icon = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle cx="11" cy="16" r="7" fill="none" stroke="#5b5bd6" stroke-width="4"/><path d="M18 16h12v6M25 16v4" fill="none" stroke="#5b5bd6" stroke-width="4"/></svg>',
)}`

// written out here, so that nothing comes between the tags: the policy's hash covers every character there
const styleElement = new Html(`<style>${style}</style>`)

/** A whole page. `title` is also its heading; `width`: `wide` for what is read, not filled in; `script`: the path of one that it can do without. */
export const layout = (title: string, body: Html, width: 'narrow' | 'wide' = 'narrow', script?: string): string =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} · Latchkey</title>
        <link rel="icon" href="${icon}" />
        ${styleElement}${script === undefined ? undefined : html`<script src="${script}" defer></script>`}
      </head>
      <body>
        <main class="${width}">
          <p class="brand">Latchkey</p>
          <h1>${title}</h1>
          ${body}
        </main>
      </body>
    </html> `.text

const styleSource = `'sha256-${createHash('sha256').update(style).digest('base64')}'`

/**
 * Headers of every page: no script at all but one that is named by its hash, no frame around it, nothing kept by caches or told to other sites.
 * `formTargets`: origins, besides this one, that a form's answer may redirect to (Chromium holds redirects to `form-action` too).
 */
export const pageHeaders = (formTargets: readonly string[] = [], scriptSource?: string): Record<string, string> => ({
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': [
    `default-src 'none'`,
    `style-src ${styleSource}`,
    ...(scriptSource === undefined ? [] : [`script-src ${scriptSource}`]),
    'img-src data:',
    `form-action ${["'self'", ...formTargets].join(' ')}`,
    `frame-ancestors 'none'`,
    `base-uri 'none'`,
  ].join('; '),
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
})

export interface Field {
  name: string
  label: string
  type: 'text' | 'email' | 'password'
  /** What browsers and password managers fill in (WHATWG HTML §4.10.18.7). */
  autocomplete: string
  value?: string | undefined
  hint?: string | undefined
  /** Shown beside the field, and read out with it. */
  mistake?: string | undefined
  minLength?: number
  maxLength?: number
  /** Digits alone: phones show their keys. */
  numeric?: boolean
  /** At most one on a page. */
  focused?: boolean
}

const attribute = (name: string, value: string | number | undefined): Html | undefined =>
  value === undefined ? undefined : html` ${name}="${value}"`

/** A required field with its label, hint and mistake. */
export const field = ({
  name,
  label,
  type,
  autocomplete,
  value,
  hint,
  mistake,
  minLength,
  maxLength,
  numeric,
  focused,
}: Field): Html => {
  const described = [
    mistake === undefined ? undefined : `${name}-mistake`,
    hint === undefined ? undefined : `${name}-hint`,
  ].filter((id) => id !== undefined)
  const attributes = [
    attribute('value', value),
    attribute('minlength', minLength),
    attribute('maxlength', maxLength),
    attribute('aria-describedby', described.length > 0 ? described.join(' ') : undefined),
    mistake === undefined ? undefined : html` aria-invalid="true"`,
    numeric ? html` inputmode="numeric"` : undefined,
    focused ? html` autofocus` : undefined,
  ]
  return html`<div class="field">
    <label for="${name}">${label}</label>
    <input id="${name}" name="${name}" type="${type}" autocomplete="${autocomplete}" required${attributes} />
    ${mistake === undefined ? undefined : html`<p class="mistake" id="${name}-mistake">${mistake}</p>`}
    ${hint === undefined ? undefined : html`<p class="hint" id="${name}-hint">${hint}</p>`}
  </div>`
}
