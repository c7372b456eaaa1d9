// The protected APIs of a configuration file, checked and filled in from their profiles.
import { shipped } from '../profiles/all.ts'
import type { Profile } from '../profiles/profile.ts'
import type { Mistakes } from './config.ts'
import type { ApiConfig, LatchkeyConfig } from './file.ts'
import { checkProfile, resolveProfile } from './profiles.ts'
import { checkProfileValues, checkValues } from './values.ts'

export type Upstream = { kind: 'echo' } | { kind: 'management' } | { kind: 'url'; url: URL }

interface RequiredScopes {
  /** Upper-case; undefined: every method. */
  methods: ReadonlySet<string> | undefined
  /** Path prefix, whole segments. */
  path: string
  scopes: readonly string[]
}

export interface Api {
  name: string
  /** With the API's own overrides of token, limits, accepted kinds and presentation applied. */
  profile: Profile
  audience: string
  documentation: string | undefined
  /** Lower-case host names without port; none: not routed. */
  hosts: readonly string[]
  path: string
  authorizationHosts: readonly string[]
  /** By environment. */
  upstreams: ReadonlyMap<string, Upstream>
  environments: ReadonlySet<string>
  scopes: Readonly<Record<string, string>>
  requiredScopes: readonly RequiredScopes[]
  organization: { path?: string; header?: string; query?: string } | undefined
  roleScopes: Readonly<Record<'viewer' | 'member' | 'admin' | 'owner', readonly string[]>>
  legacyTokens: { deprecatedAt: number; sunsetAt: number; link: string } | undefined
  cors: ApiConfig['cors']
  timeouts: { connectSeconds: number; responseSeconds: number }
  identity: 'headers' | 'jwt'
  forwardCredential: boolean
  /** Whether its access tokens have a place in a status list. */
  statusList: boolean
  /** Whether a token that reaches no organization is refused; only the management API lets it in. */
  needsOrganization: boolean
}

/** Scopes that no API may call its own and only operators grant. `manage` is for clients that act for people at Latchkey itself. */
export const isReservedScope = (scope: string): boolean =>
  ['verify', 'introspect', 'metrics', 'manage'].includes(scope) || scope.startsWith('manage:')

/** Scopes about a person rather than an API (OpenID Connect Core §5.4, §11), with the words that the person reads. */
export const identityScopes: Readonly<Record<string, string>> = {
  openid: 'Know who you are',
  profile: 'See your name',
  email: 'See your e-mail address',
  offline_access: 'Stay connected while you are away',
}

export const isIdentityScope = (scope: string): boolean => Object.hasOwn(identityScopes, scope)

const reservedNames = new Set(['latchkey', 'management'])
const builtInPaths = [
  '/oauth',
  '/token',
  '/api/v1',
  '/forward-auth',
  '/.well-known',
  '/openapi.json',
  '/docs',
  '/login',
  '/setup',
  '/signup',
  '/reset',
  '/invitations',
  '/verify-email',
  '/device',
  '/logout',
  '/organizations',
  '/account',
  '/operator',
  '/healthz',
  '/readyz',
  '/metrics',
  '/dev',
  '/status-lists',
  '/assets',
]
const authorizationEndpoints = ['/token', '/oauth/token', '/oauth/revoke', '/oauth/introspect', '/oauth/authorize']
const hostName = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/
const scopeToken = /^[\x21\x23-\x5b\x5d-\x7e]{1,100}$/ // RFC 6749 §3.3

const under = (path: string, prefix: string): boolean => path === prefix || path.startsWith(`${prefix}/`)

const parseUpstream = (mistakes: Mistakes, place: string, value: string): Upstream => {
  if (value === 'echo' || value === 'management') return { kind: value }
  const url = URL.canParse(value) ? new URL(value) : undefined
  if (url && ['http:', 'https:'].includes(url.protocol) && !url.search && !url.hash && !url.username && !url.password)
    return { kind: 'url', url }
  // what stands before the @ may be a password
  mistakes.add(
    place,
    `"${value.replace(/\/\/.*@/s, '//…@')}" is not "echo", "management" or an http(s) URL without query and user`,
  )
  return { kind: 'echo' }
}

const parseDate = (mistakes: Mistakes, place: string, value: string): number => {
  const time = Date.parse(value)
  if (Number.isNaN(time)) mistakes.add(place, `"${value}" is not a date such as 2027-01-31`)
  return time
}

const viewerScopes = (scopes: string[]): string[] =>
  scopes.filter((scope) => scope === 'read' || scope.endsWith(':read') || scope.startsWith('read:'))

const resolveApi = (
  name: string,
  given: ApiConfig,
  file: LatchkeyConfig,
  issuer: string,
  environments: readonly string[],
  dashboardHosts: readonly string[],
  mistakes: Mistakes,
): Api => {
  const place = `apis.${name}`
  if (!/^[a-z][a-z0-9-]{0,62}$/.test(name) || reservedNames.has(name))
    mistakes.add(place, 'a name is lower-case letters, digits and hyphens, and not "latchkey" or "management"')
  const base = resolveProfile(mistakes, `${place}.profile`, file.profiles ?? {}, given.profile ?? 'default')
  const profile: Profile = {
    ...base,
    accepts: given.accepts ?? base.accepts,
    presentation: given.presentation ?? base.presentation,
    token: { ...base.token, ...given.token },
    limits: given.limits ?? base.limits,
  }
  checkProfile(mistakes, place, profile)
  checkProfileValues(mistakes, place, given)
  if (typeof given.profile === 'object') checkProfileValues(mistakes, `${place}.profile`, given.profile)
  checkValues(mistakes, place, given)
  const issuerUrl = new URL(issuer)
  const lowered = (hosts: string[] | undefined, field: string): string[] =>
    (hosts ?? []).map((host) => {
      const host_ = host.toLowerCase()
      if (!hostName.test(host_)) mistakes.add(`${place}.${field}`, `"${host}" is not a host name without port`)
      return host_
    })
  const hosts = lowered(given.hosts, 'hosts')
  const path = given.path ?? '/'
  if (!/^\/([A-Za-z0-9._~-]+(\/[A-Za-z0-9._~-]+)*)?$/.test(path) || /(^|\/)\.\.?(\/|$)/.test(path))
    mistakes.add(`${place}.path`, `"${path}" must be a plain path such as /v1`)
  for (const host of hosts) {
    if (host !== issuerUrl.hostname && !dashboardHosts.includes(host)) continue
    if (path === '/') mistakes.add(`${place}.path`, `"/" on ${host} would hide the dashboard; choose a path`)
    for (const taken of builtInPaths)
      if (under(path, taken) || under(taken, path))
        mistakes.add(`${place}.path`, `"${path}" is Latchkey's own on ${host} (${taken})`)
  }
  const authorizationHosts = lowered(given.authorizationHosts, 'authorizationHosts')
  if (path !== '/' && hosts.some((host) => authorizationHosts.includes(host)))
    for (const taken of authorizationEndpoints)
      if (under(path, taken) || under(taken, path))
        mistakes.add(`${place}.path`, `"${path}" is Latchkey's own on an authorization host (${taken})`)
  const upstreams = new Map<string, Upstream>()
  const byEnvironment =
    typeof given.upstream === 'string' ? { [environments[0] as string]: given.upstream } : (given.upstream ?? {})
  for (const [environment, value] of Object.entries(byEnvironment)) {
    if (!environments.includes(environment))
      mistakes.add(`${place}.upstream`, `"${environment}" is not one of the environments (${environments.join(', ')})`)
    upstreams.set(environment, parseUpstream(mistakes, `${place}.upstream`, value))
  }
  const managing = [...upstreams.values()].filter(({ kind }) => kind === 'management').length
  if (managing > 0 && managing < upstreams.size)
    mistakes.add(`${place}.upstream`, '"management" is the upstream of every environment of an API or of none')
  if (hosts.length > 0 && upstreams.size === 0)
    mistakes.add(`${place}.upstream`, 'an API with hosts needs an upstream: a URL, "echo" or "management"')
  const accepted = new Set(given.environments ?? (upstreams.size > 0 ? upstreams.keys() : [environments[0] as string]))
  for (const environment of accepted)
    if (!environments.includes(environment))
      mistakes.add(
        `${place}.environments`,
        `"${environment}" is not one of the environments (${environments.join(', ')})`,
      )
  const scopes = given.scopes ?? { read: 'Read your data', write: 'Change your data' }
  for (const scope of Object.keys(scopes)) {
    if (!scopeToken.test(scope)) mistakes.add(`${place}.scopes`, `"${scope}" is not a scope (RFC 6749 §3.3)`)
    if (isReservedScope(scope)) mistakes.add(`${place}.scopes`, `"${scope}" is reserved for Latchkey itself`)
    if (isIdentityScope(scope)) mistakes.add(`${place}.scopes`, `"${scope}" is OpenID Connect's`)
  }
  const own = Object.keys(scopes)
  const known = (list: readonly string[], field: string): readonly string[] => {
    for (const scope of list)
      if (!own.includes(scope))
        mistakes.add(`${place}.${field}`, `"${scope}" is not among the API's scopes (${own.join(', ')})`)
    return list
  }
  if (profile.accepts.includes('legacy_token') && !given.legacyTokens) {
    mistakes.add(
      `${place}.legacyTokens`,
      'is required where legacy tokens are accepted: { deprecatedAt, sunsetAt, link }',
    )
  }
  if (
    given.cors?.origins.some((origin) => origin !== '*' && !(URL.canParse(origin) && new URL(origin).origin === origin))
  )
    mistakes.add(`${place}.cors.origins`, 'every entry is an origin such as https://app.example.com, or "*"')
  return {
    name,
    profile,
    audience:
      given.audience ??
      (hosts[0]
        ? `${issuerUrl.protocol}//${hosts[0]}${issuerUrl.port ? `:${issuerUrl.port}` : ''}${path === '/' ? '' : path}`
        : `${issuer}/apis/${name}`),
    documentation: given.documentation,
    hosts,
    path,
    authorizationHosts,
    upstreams,
    environments: accepted,
    scopes,
    requiredScopes: (given.requiredScopes ?? []).map((entry, index) => ({
      methods: entry.methods ? new Set(entry.methods.map((method) => method.toUpperCase())) : undefined,
      path: entry.path ?? '/',
      scopes: known(entry.scopes, `requiredScopes[${index}]`),
    })),
    organization: given.organization,
    roleScopes: {
      viewer: known(given.roleScopes?.viewer ?? viewerScopes(own), 'roleScopes.viewer'),
      member: known(given.roleScopes?.member ?? own, 'roleScopes.member'),
      admin: known(given.roleScopes?.admin ?? own, 'roleScopes.admin'),
      owner: known(given.roleScopes?.owner ?? own, 'roleScopes.owner'),
    },
    legacyTokens: given.legacyTokens && {
      deprecatedAt: parseDate(mistakes, `${place}.legacyTokens.deprecatedAt`, given.legacyTokens.deprecatedAt),
      sunsetAt: parseDate(mistakes, `${place}.legacyTokens.sunsetAt`, given.legacyTokens.sunsetAt),
      link: given.legacyTokens.link,
    },
    cors: given.cors,
    timeouts: {
      connectSeconds: given.timeouts?.connectSeconds ?? 5,
      responseSeconds: given.timeouts?.responseSeconds ?? 60,
    },
    identity: given.identity ?? 'headers',
    forwardCredential: given.forwardCredential ?? false,
    statusList: given.statusList ?? false,
    needsOrganization: true,
  }
}

/** Latchkey's own API as one that it protects: every kind but legacy tokens, every environment, no limits; its scopes are the reserved ones. */
const managementApi = (issuer: string, environments: readonly string[]): Api => ({
  name: 'latchkey',
  profile: { ...(shipped.default as Profile), limits: [] },
  audience: issuer,
  documentation: `${issuer}/docs`,
  hosts: [],
  path: '/api/v1',
  authorizationHosts: [],
  upstreams: new Map(environments.map((environment) => [environment, { kind: 'management' }])),
  environments: new Set(environments),
  scopes: {},
  requiredScopes: [],
  organization: undefined,
  roleScopes: { viewer: [], member: [], admin: [], owner: [] },
  legacyTokens: undefined,
  cors: undefined,
  timeouts: { connectSeconds: 5, responseSeconds: 60 },
  identity: 'headers',
  forwardCredential: false,
  statusList: false,
  needsOrganization: false,
})

/** Checks and completes everything about APIs, environments and key prefixes. */
export const resolveApis = (file: LatchkeyConfig, issuer: string, mistakes: Mistakes) => {
  const environments = file.environments ?? ['live', 'test']
  if (
    environments.length === 0 ||
    environments.some((name) => !/^[a-z][a-z0-9]{0,15}$/.test(name)) ||
    new Set(environments).size < environments.length
  ) {
    mistakes.add('environments', 'must be different names of lower-case letters and digits, at least one')
  }
  const keyPrefixes = [file.keyPrefix ?? 'sk', ...(file.formerKeyPrefixes ?? [])]
  for (const prefix of keyPrefixes) {
    if (!/^[a-z][a-z0-9]{0,15}$/.test(prefix) || ['pat', 'cs', 'rt', 'ac'].includes(prefix))
      mistakes.add('keyPrefix', `"${prefix}" must be lower-case letters and digits, and not pat, cs, rt or ac`)
  }
  const dashboardHosts = (file.dashboardHosts ?? []).map((host) => host.toLowerCase())
  dashboardHosts.forEach((host, index) => {
    if (!hostName.test(host)) mistakes.add(`dashboardHosts[${index}]`, `"${host}" is not a host name without port`)
  })
  const given: Record<string, ApiConfig> = file.apis ?? {
    default: {
      hosts: [new URL(issuer).hostname],
      path: '/echo',
      upstream: { [environments[0] ?? 'live']: 'echo', ...(environments[1] ? { [environments[1]]: 'echo' } : {}) },
    },
  }
  for (const [name, profile] of Object.entries(file.profiles ?? {})) {
    if (Object.hasOwn(shipped, name))
      mistakes.add(`profiles.${name}`, 'is the name of a shipped profile; choose another and extend it')
    checkProfileValues(mistakes, `profiles.${name}`, profile)
  }
  const apis = new Map<string, Api>()
  // Latchkey's own API is known by the issuer: a token for another API must be none for it
  const claimed = new Map([[`audience ${issuer}`, 'Latchkey itself']])
  for (const [name, api] of Object.entries(given)) {
    const resolved = resolveApi(name, api, file, issuer, environments, dashboardHosts, mistakes)
    apis.set(name, resolved)
    for (const claim of [
      ...resolved.hosts.map((host) => `${host}${resolved.path}`),
      `audience ${resolved.audience.replace(/\/$/, '')}`,
      ...resolved.authorizationHosts.map((host) => `authorization host ${host}`),
    ]) {
      if (claimed.has(claim)) mistakes.add(`apis.${name}`, `${claim} is taken by ${claimed.get(claim)}`)
      claimed.set(claim, `apis.${name}`)
    }
  }
  if (file.defaultApi !== undefined && !apis.has(file.defaultApi))
    mistakes.add('defaultApi', `there is no API "${file.defaultApi}"`)
  const defaultApi =
    file.defaultApi !== undefined ? apis.get(file.defaultApi) : apis.size === 1 ? [...apis.values()][0] : undefined
  return {
    environments,
    keyPrefixes,
    apis,
    defaultApi,
    dashboardHosts,
    management: managementApi(issuer, environments),
  }
}
