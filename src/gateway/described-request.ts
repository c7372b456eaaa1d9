// The request that a proxy asks about: as it describes it in X-Forwarded-* or X-Original-* header fields, or by the path it asks at.
import { canonical } from './header-names.ts'
import { type Malformed, type Target, hostName, originForm, parseTarget, requestHost } from './target.ts'
import type { RequestHead } from '../http/short-way.ts'

export interface Described extends Target {
  /** undefined: the proxy says nothing of it. */
  method: string | undefined
  /** Host name, lower case, without port. */
  host: string
}

const told = [
  'x-forwarded-method',
  'x-forwarded-host',
  'x-forwarded-uri',
  'x-original-method',
  'x-original-url',
] as const

type Told = Partial<Record<(typeof told)[number], string>>

/** Whether a field may be one of those; all begin with an x. */
const mayTell = (rawHeaders: readonly string[]): boolean => {
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    if (name.startsWith('x') || name.startsWith('X')) return true
  }
  return false
}

/** A field that is there twice, or holds a list, was written by two: nobody can say which of them the proxy is. */
const readTold = (rawHeaders: readonly string[]): Told | Malformed => {
  const found: Told = {}
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const spelled = (rawHeaders[i] as string).toLowerCase()
    const name = told.find((one) => one === canonical(spelled))
    if (name === undefined) continue
    if (found[name] !== undefined || spelled !== name)
      return { malformed: `The header ${name} is ambiguous: it was sent more than once.` }
    found[name] = (rawHeaders[i + 1] as string).trim()
  }
  return found
}

const methodForm = /^[A-Z][A-Z-]{0,31}$/

const describe = (method: string | undefined, host: string | undefined, target: string): Described | Malformed => {
  if (method !== undefined && !methodForm.test(method))
    return { malformed: 'The method of the request asked about is malformed.' }
  const name = host === undefined ? undefined : hostName(host)
  if (name === undefined) return { malformed: 'The host of the request asked about is missing or malformed.' }
  const parsed = parseTarget(target)
  return 'malformed' in parsed ? parsed : { method, host: name, ...parsed }
}

const agree = (one: Described, other: Described): boolean =>
  one.host === other.host &&
  one.path === other.path &&
  one.query === other.query &&
  (one.method === undefined || other.method === undefined || one.method === other.method)

/**
 * All descriptions that there are must agree: a proxy writes one kind of them, and a caller who adds another asks about
 * something else than it is going to do. `rest`: the path below /forward-auth, with the query; undefined: none.
 * `trusted`: whether the header fields count. Answers undefined where nothing describes the request.
 */
export const describedRequest = (
  request: RequestHead,
  rest: string | undefined,
  trusted: () => boolean,
): Described | Malformed | undefined => {
  const fields = mayTell(request.rawHeaders) && trusted() ? readTold(request.rawHeaders) : {}
  if ('malformed' in fields) return fields
  const host = requestHost(request.rawHeaders)
  const candidates: (Described | Malformed)[] = []
  const uri = fields['x-forwarded-uri']
  if (uri !== undefined)
    candidates.push(describe(fields['x-forwarded-method'], fields['x-forwarded-host'] ?? host, uri))
  const url = fields['x-original-url']
  if (url !== undefined) {
    const authority = /^https?:\/\/([^/?#]*)/i.exec(url)?.[1]
    candidates.push(
      describe(
        fields['x-original-method'],
        authority ?? host,
        authority === undefined ? url : originForm(url, authority),
      ),
    )
  }
  if (rest !== undefined) candidates.push(describe(request.method, host, rest))
  let agreed: Described | undefined
  for (const candidate of candidates) {
    if ('malformed' in candidate) return candidate
    if (agreed !== undefined && !agree(agreed, candidate))
      return { malformed: 'The request asked about is described twice, and differently.' }
    agreed = agreed === undefined ? candidate : { ...candidate, ...agreed, method: agreed.method ?? candidate.method }
  }
  return agreed
}
