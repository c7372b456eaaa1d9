// Issuers elsewhere that people sign in by (OpenID Connect). Their secrets are in the environment, whose names the file tells.
import { isThisMachine } from './base-url.ts'
import type { Mistakes } from './config.ts'
import type { LatchkeyConfig } from './file.ts'

export interface UpstreamIssuer {
  /** In addresses, as in /login/upstream/<name>. */
  name: string
  /** What people read. */
  label: string
  issuer: string
  clientId: string
  /** undefined: a public client. */
  clientSecret: string | undefined
  scopes: readonly string[]
  /** Whoever comes from there needs no second factor here. */
  trustsSecondFactor: boolean
  /** Whoever comes from there with a verified address gets an account. */
  createsAccounts: boolean
}

const name = /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/
const variable = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/
const scopeToken = /^[\x21\x23-\x5b\x5d-\x7e]{1,100}$/
const most = 10

type Given = NonNullable<NonNullable<LatchkeyConfig['signIn']>['upstream']>[number]

const issuerMistake = (text: string, ownIssuer: string): string | undefined => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !/^https?:$/.test(url.protocol) || url.search || url.hash || url.username || url.password)
    return 'is not an issuer such as https://accounts.example.com'
  if (url.protocol === 'http:' && !isThisMachine(url.hostname)) return 'must be https'
  return url.origin === ownIssuer ? 'is this deployment itself' : undefined
}

const readOne = (
  env: NodeJS.ProcessEnv,
  given: Given,
  place: string,
  ownIssuer: string,
  mistakes: Mistakes,
): UpstreamIssuer => {
  const wrong = (field: string, what: string): void => mistakes.add(`${place}.${field}`, what)
  if (!name.test(given.name)) wrong('name', `"${given.name}" is not of lower-case letters, digits and hyphens`)
  const mistake = issuerMistake(given.issuer, ownIssuer)
  if (mistake !== undefined) wrong('issuer', `"${given.issuer.slice(0, 100)}" ${mistake}`)
  if (given.clientId.trim() === '') wrong('clientId', 'is empty')
  const { clientSecretVariable: secretName } = given
  if (secretName !== undefined && !variable.test(secretName))
    wrong('clientSecretVariable', 'is not the name of an environment variable: the secret itself does not stand here')
  else if (secretName !== undefined && !env[secretName])
    wrong('clientSecretVariable', `the environment variable ${secretName} is not set`)
  const scopes = given.scopes ?? ['openid', 'email', 'profile']
  for (const scope of scopes) if (!scopeToken.test(scope)) wrong('scopes', `"${scope}" is not a scope (RFC 6749 §3.3)`)
  if (!scopes.includes('openid')) wrong('scopes', 'must have "openid" among them')
  return {
    name: given.name,
    label: given.label?.trim() || given.name,
    issuer: given.issuer,
    clientId: given.clientId,
    clientSecret: secretName === undefined ? undefined : env[secretName],
    scopes,
    trustsSecondFactor: given.trustsSecondFactor ?? false,
    createsAccounts: given.createsAccounts ?? false,
  }
}

export const resolveUpstreams = (
  env: NodeJS.ProcessEnv,
  file: LatchkeyConfig,
  ownIssuer: string,
  mistakes: Mistakes,
): readonly UpstreamIssuer[] => {
  const given = file.signIn?.upstream ?? []
  if (given.length > most) mistakes.add('signIn.upstream', `has more than ${most} entries`)
  const upstreams = given.map((one, index) => readOne(env, one, `signIn.upstream[${index}]`, ownIssuer, mistakes))
  for (const field of ['name', 'issuer'] as const) {
    const values = upstreams.map((upstream) => upstream[field])
    const twice = values.find((value, index) => values.indexOf(value) !== index)
    if (twice !== undefined) mistakes.add('signIn.upstream', `two have the ${field} "${twice}"`)
  }
  return upstreams
}
