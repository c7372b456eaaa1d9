// Somebody with a browser, without one: keeps cookies, fills in the forms of pages, follows nothing by itself.
import assert from 'node:assert/strict'
import type { LightMyRequestResponse } from 'fastify'
import type { Launched } from './harness.ts'

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" }
const unescape = (text: string): string =>
  text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => entities[name] ?? '')

/** What the page's form to `action` posts as it stands: hidden fields and those filled in. */
export const formOf = (page: string, action: string): Record<string, string> => {
  const form = [...page.matchAll(/<form\b[^>]*\baction="([^"]*)"[^>]*>(.*?)<\/form>/gs)].find(
    ([, to = '']) => unescape(to) === action,
  )
  assert.ok(form, `the page has a form to ${action}`)
  return Object.fromEntries(
    [...(form[2] ?? '').matchAll(/<input\b[^>]*>/g)].flatMap(([input]) => {
      const name = /\bname="([^"]*)"/.exec(input)?.[1]
      return name === undefined ? [] : [[unescape(name), unescape(/\bvalue="([^"]*)"/.exec(input)?.[1] ?? '')]]
    }),
  )
}

export interface Visitor {
  cookies: Map<string, string>
  get: (url: string, headers?: Record<string, string>) => Promise<LightMyRequestResponse>
  post: (url: string, form: Record<string, string>, headers?: Record<string, string>) => Promise<LightMyRequestResponse>
  /** As the dashboard asks the management API; `path` is relative to it. */
  api: (method: string, path: string, body?: object) => Promise<LightMyRequestResponse>
  /** Through /login, with the form as it stands there. */
  signIn: (email: string, password: string, query?: string) => Promise<LightMyRequestResponse>
}

export const visitor = ({ ask }: Pick<Launched, 'ask'>): Visitor => {
  const cookies = new Map<string, string>()
  const asked = async (
    method: string,
    url: string,
    headers: Record<string, string>,
    form?: Record<string, string>,
    body?: object,
  ): Promise<LightMyRequestResponse> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await ask(method, url, {
      headers: { ...(cookie !== '' && { cookie }), ...headers },
      ...(form && { form }),
      ...(body && { body }),
    })
    for (const { name, value, maxAge } of response.cookies)
      if (maxAge === 0) cookies.delete(name)
      else cookies.set(name, value)
    return response
  }
  const get: Visitor['get'] = (url, headers = {}) => asked('GET', url, headers)
  const post: Visitor['post'] = (url, form, headers = {}) => asked('POST', url, headers, form)
  return {
    cookies,
    get,
    post,
    api: (method, path, body) => asked(method, `/api/v1${path}`, { 'x-latchkey-dashboard': '1' }, undefined, body),
    async signIn(email, password, query = '') {
      const { body } = await get(`/login${query}`)
      return post('/login', { ...formOf(body, '/login'), email, password })
    },
  }
}

export const password = 'correct horse battery'

/** A person who can sign in with `password`. */
export const addPerson = async (
  { operate }: Pick<Launched, 'operate'>,
  fields: { email?: string; name?: string; operator?: boolean } = {},
): Promise<string> =>
  (
    await operate<{ id: string }>('POST', '/users', {
      email: 'ada@example.com',
      name: 'Ada Lovelace',
      password,
      ...fields,
    })
  ).id
