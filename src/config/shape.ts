// Names and types in a configuration file, looked at before anything is read from it: what is misspelled would else be
// passed over in silence, and with it the scope or the limit that it was to set.
import { catalogue } from '../errors.ts'
import type { Mistakes } from './config.ts'
import type { LatchkeyConfig } from './file.ts'

/** Answers what is right of a value; what is not is told and left out. */
type Reader = (value: unknown, place: string, mistakes: Mistakes) => unknown

const shown = (value: unknown): string =>
  typeof value === 'string'
    ? `"${value.slice(0, 60)}"`
    : Array.isArray(value)
      ? 'a list'
      : typeof value === 'object' && value !== null
        ? 'an object'
        : typeof value === 'function'
          ? 'a function'
          : String(value)

const where =
  (words: string, isRight: (value: unknown) => boolean): Reader =>
  (value, place, mistakes) => {
    if (isRight(value)) return value
    mistakes.add(place, `is ${shown(value)}, but must be ${words}`)
    return undefined
  }

const text = where('a text', (value) => typeof value === 'string')
const flag = where('true or false', (value) => typeof value === 'boolean')
const number = where('a number', Number.isFinite)
const numberOrNull = where('a number, or null for unlimited', (value) => value === null || Number.isFinite(value))
const numberOrMonth = where('a number of seconds, or "month"', (value) => value === 'month' || Number.isFinite(value))
const code = where('a function', (value) => typeof value === 'function')
const oneOf = (...words: string[]): Reader =>
  where(words.map((word) => `"${word}"`).join(' or '), (value) => words.includes(value as string))

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const listOf =
  (entry: Reader): Reader =>
  (value, place, mistakes) => {
    if (Array.isArray(value))
      return value
        .map((item: unknown, index) => entry(item, `${place}[${index}]`, mistakes))
        .filter((item) => item !== undefined)
    mistakes.add(place, `is ${shown(value)}, but must be a list`)
    return undefined
  }

const fieldsOf = (
  value: unknown,
  place: string,
  mistakes: Mistakes,
  readerOf: (name: string) => Reader | undefined,
): Record<string, unknown> => {
  const right: Record<string, unknown> = {}
  if (!isObject(value)) mistakes.add(place || 'the configuration', `is ${shown(value)}, but must be an object`)
  for (const [name, field] of Object.entries(isObject(value) ? value : {})) {
    const read = field === undefined ? undefined : readerOf(name)?.(field, place ? `${place}.${name}` : name, mistakes)
    if (read !== undefined) right[name] = read
  }
  return right
}

const recordOf =
  (entry: Reader): Reader =>
  (value, place, mistakes) =>
    fieldsOf(value, place, mistakes, () => entry)

/** With `required` fields missing it is left out as a whole. */
const object =
  (fields: Readonly<Record<string, Reader>>, required: readonly string[] = []): Reader =>
  (value, place, mistakes) => {
    const right = fieldsOf(value, place, mistakes, (name) => {
      if (Object.hasOwn(fields, name)) return fields[name]
      mistakes.add(
        place ? `${place}.${name}` : name,
        `there is no such setting; there are ${Object.keys(fields).join(', ')}`,
      )
      return undefined
    })
    const missing = isObject(value) ? required.filter((name) => value[name] === undefined) : []
    for (const name of missing) mistakes.add(`${place}.${name}`, 'is missing')
    return required.every((name) => right[name] !== undefined) ? right : undefined
  }

/** A value that is a `plain` one or an object. */
const either =
  (plain: Reader, structured: Reader): Reader =>
  (value, place, mistakes) =>
    (isObject(value) ? structured : plain)(value, place, mistakes)

const texts = listOf(text)

/** What an API may override of its profile. */
const overridable = {
  accepts: listOf(oneOf('api_key', 'personal_access_token', 'legacy_token', 'oauth_token', 'jwt', 'cwt')),
  presentation: object({ bearer: flag, bare: flag, header: text }),
  token: object({
    algorithm: oneOf('ES256', 'RS256', 'EdDSA', 'HS256'),
    type: oneOf('at+jwt', 'JWT'),
    lifetimeSeconds: number,
    tokenType: oneOf('Bearer', 'bearer'),
    echoScope: flag,
  }),
  limits: listOf(
    object(
      {
        name: text,
        per: oneOf('credential', 'token', 'organization'),
        limit: either(number, recordOf(numberOrNull)),
        period: numberOrMonth,
      },
      ['name', 'per', 'limit', 'period'],
    ),
  ),
}

const ofEachCode = object(Object.fromEntries(Object.keys(catalogue).map((name) => [name, text])))

const profile = object({
  extends: text,
  ...overridable,
  reset: oneOf('unix', 'iso8601'),
  errors: object({ contentType: text, body: code, codes: ofEachCode, messages: ofEachCode }),
})

const api = object({
  profile: either(text, profile),
  hosts: texts,
  path: text,
  authorizationHosts: texts,
  audience: text,
  documentation: text,
  upstream: either(text, recordOf(text)),
  environments: texts,
  scopes: recordOf(text),
  requiredScopes: listOf(object({ methods: texts, path: text, scopes: texts }, ['scopes'])),
  organization: object({ path: text, header: text, query: text }),
  roleScopes: object({ viewer: texts, member: texts, admin: texts, owner: texts }),
  ...overridable,
  legacyTokens: object({ deprecatedAt: text, sunsetAt: text, link: text }, ['deprecatedAt', 'sunsetAt', 'link']),
  cors: object({ origins: texts, methods: texts, headers: texts, exposeHeaders: texts, maxAgeSeconds: number }, [
    'origins',
  ]),
  timeouts: object({ connectSeconds: number, responseSeconds: number }),
  identity: oneOf('headers', 'jwt'),
  forwardCredential: flag,
  statusList: flag,
})

const file = object({
  apis: recordOf(api),
  profiles: recordOf(profile),
  defaultApi: text,
  environments: texts,
  keyPrefix: text,
  formerKeyPrefixes: texts,
  dashboardHosts: texts,
  signingKeys: object({ rotateAfterDays: number }),
  oauth: object({
    registration: oneOf('off', 'token', 'open'),
    clientMetadataDocuments: flag,
    refreshTokens: object({ idleDays: number, absoluteDays: number }),
  }),
  mail: object({ from: text }),
  leaks: object({ github: object({ keysUrl: text, keys: recordOf(text) }), policy: recordOf(text) }),
  signIn: object({
    signUp: oneOf('invitation', 'open'),
    upstream: listOf(
      object(
        {
          name: text,
          label: text,
          issuer: text,
          clientId: text,
          clientSecretVariable: text,
          scopes: texts,
          trustsSecondFactor: flag,
          createsAccounts: flag,
        },
        ['name', 'issuer', 'clientId'],
      ),
    ),
    sessions: object({ idleDays: number, absoluteDays: number }),
  }),
  log: object({
    level: oneOf('debug', 'info', 'warn', 'error', 'silent'),
    requests: oneOf('all', 'refused', 'none'),
  }),
})

/** What has the form of a configuration in `value`; everything else is told, by its place, and left out. */
export const readShape = (value: unknown, mistakes: Mistakes): LatchkeyConfig =>
  file(value, '', mistakes) as LatchkeyConfig
