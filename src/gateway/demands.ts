// What a request demands by its method, path, query and header: scopes, and the organization that it is for.
import type { Api } from '../config/config.ts'
import type { CallerFacts } from '../verify/decision.ts'
import { canonical } from './header-names.ts'
import type { Malformed } from './target.ts'

/** A request as the API's configuration looks at it. */
export interface Asked {
  method: string
  /** In normal form. */
  path: string
  /** With its `?`, or empty. */
  query: string
  /** Names and values in turn. */
  rawHeaders: readonly string[]
  /** The address that the caller called, for a proof of it (RFC 9449 §4.3); undefined: it is not known. */
  address: () => string | undefined
  caller: CallerFacts
}

/**
 * A path as the most lenient servers route it: without regard to case and without `;parameters`. What the configuration
 * demands is matched on this, so that another spelling of a path never asks for less.
 */
const lenient = (path: string): string =>
  decodeURIComponent(path)
    .replace(/;[^/]*/g, '')
    .toLowerCase()

/** Whether `path` is `prefix`, lies below it, or is it with a suffix such as `.json`. Both lenient. */
const covers = (prefix: string, path: string): boolean => {
  const bare = prefix.endsWith('/') ? prefix.slice(0, -1) : prefix
  return path === bare || path.startsWith(`${bare}/`) || path.startsWith(`${bare}.`)
}

/** Scopes that the request needs: every entry that matches counts. HEAD needs what GET needs. */
export const scopesNeeded = (
  { requiredScopes }: Pick<Api, 'requiredScopes'>,
  { method, path }: Pick<Asked, 'method' | 'path'>,
): string[] => {
  if (requiredScopes.length === 0) return []
  const asked = lenient(path)
  const needed = new Set<string>()
  for (const { methods, path: prefix, scopes } of requiredScopes) {
    const methodMatches = methods === undefined || methods.has(method) || (method === 'HEAD' && methods.has('GET'))
    if (methodMatches && covers(lenient(prefix), asked)) for (const scope of scopes) needed.add(scope)
  }
  return [...needed]
}

const fromPath = (template: string, path: string): string[] => {
  const places = template.split('/')
  const segments = decodeURIComponent(path)
    .split('/')
    .map((segment) => segment.replace(/;.*/s, ''))
  const matches = places.every(
    (place, index) => place === ':organization' || place.toLowerCase() === segments[index]?.toLowerCase(),
  )
  return matches ? segments.filter((_, index) => places[index] === ':organization') : []
}

const fromHeader = (header: string, rawHeaders: readonly string[]): string[] =>
  rawHeaders
    .filter((_, index) => index % 2 === 1 && canonical(rawHeaders[index - 1] as string) === canonical(header))
    .map((value) => value.trim())

const fromQuery = (name: string, query: string): string[] =>
  [...new URLSearchParams(query)].filter(([key]) => key.toLowerCase() === name.toLowerCase()).map(([, value]) => value)

/** The organization that the request names in the places that the API has for it. */
export const namedOrganization = (
  { organization }: Pick<Api, 'organization'>,
  { path, query, rawHeaders }: Pick<Asked, 'path' | 'query' | 'rawHeaders'>,
): { id: string | undefined } | Malformed => {
  if (!organization) return { id: undefined }
  const { path: template, header, query: parameter } = organization
  const inHeader = header === undefined ? [] : fromHeader(header, rawHeaders)
  const inQuery = parameter === undefined ? [] : fromQuery(parameter, query)
  if (inHeader.length > 1) return { malformed: `Send the header ${header} once.` }
  if (inQuery.length > 1) return { malformed: `Send the query parameter ${parameter} once.` }
  const named = new Set(
    [...(template === undefined ? [] : fromPath(template, path)), ...inHeader, ...inQuery].filter((id) => id !== ''),
  )
  if (named.size > 1) return { malformed: 'The request names two organizations.' }
  return { id: named.values().next().value }
}
