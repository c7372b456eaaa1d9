// Values of an API that have the right type and would yet fail, or open a door, at the first request: told at the start.
import type { Mistakes } from './config.ts'
import type { ApiConfig, ProfileConfig } from './file.ts'

const token = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/ // RFC 9110 §5.6.2
const method = /^[A-Za-z][A-Za-z-]{0,31}$/
/** Fields that belong to the connection, to the message, or to Latchkey and the proxies before it. */
const takenField =
  /^(?:authorization|connection|content-.*|cookie|expect|forwarded|host|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|x-forwarded-.*|x-latchkey.*|x-request-id)$/i
const plainPath = /^\/(?:[A-Za-z0-9._~!$&'()*+,=:@-]+\/?)*$/

/** Whether a header field of this name may be a caller's to send. */
export const isOwnField = (name: string): boolean => /^[A-Za-z0-9-]{1,64}$/.test(name) && !takenField.test(name)

/** An absolute http(s) URL that can stand in a header as it is. */
const isWebUrl = (text: string, longest: number): boolean => {
  if (text.length > longest || !/^https?:\/\/[^/]/.test(text) || /[^!-~]|["#<>\\^`{|}]/.test(text)) return false
  const url = URL.canParse(text) ? new URL(text) : undefined
  return url !== undefined && url.username === '' && url.password === ''
}

const isOrganizationPath = (path: string): boolean =>
  /^(?:\/[A-Za-z0-9._~:-]+)+$/.test(path) &&
  path
    .split('/')
    .filter((segment) => segment.startsWith(':'))
    .join() === ':organization'

const checkTimes = (mistakes: Mistakes, place: string, { timeouts, cors }: ApiConfig): void => {
  for (const [name, value] of Object.entries(timeouts ?? {}))
    if (!(value > 0 && value <= 86_400))
      mistakes.add(`${place}.timeouts.${name}`, `${value} must be seconds above 0, at most 86400`)
  if (cors?.maxAgeSeconds !== undefined && !(cors.maxAgeSeconds >= 0 && cors.maxAgeSeconds <= 86_400))
    mistakes.add(`${place}.cors.maxAgeSeconds`, `${cors.maxAgeSeconds} must be seconds from 0 to 86400`)
}

const checkDemands = (mistakes: Mistakes, place: string, { requiredScopes, organization }: ApiConfig): void => {
  requiredScopes?.forEach(({ methods, path, scopes }, index) => {
    const at = `${place}.requiredScopes[${index}]`
    if (scopes.length === 0) mistakes.add(`${at}.scopes`, 'names no scope, so that it demands nothing')
    if (path !== undefined && !plainPath.test(path))
      mistakes.add(`${at}.path`, `"${path}" must be a plain path such as /v1`)
    if (methods?.length === 0)
      mistakes.add(`${at}.methods`, 'names no method, so that it never counts; leave it out for all')
    methods?.forEach((name, position) => {
      if (!method.test(name)) mistakes.add(`${at}.methods[${position}]`, `"${name}" is not a method such as GET`)
    })
  })
  if (organization === undefined) return
  const { path, header, query } = organization
  if (path === undefined && header === undefined && query === undefined)
    mistakes.add(`${place}.organization`, 'must say where a request names it: path, header or query')
  if (path !== undefined && !isOrganizationPath(path))
    mistakes.add(
      `${place}.organization.path`,
      `"${path}" must have one segment :organization, as in /v1/organizations/:organization`,
    )
  if (header !== undefined && !isOwnField(header))
    mistakes.add(`${place}.organization.header`, `"${header}" is not a header name of its own`)
  if (query !== undefined && !/^[!-~]{1,64}$/.test(query))
    mistakes.add(`${place}.organization.query`, `"${query}" is not the name of a query parameter`)
}

const checkCors = (mistakes: Mistakes, place: string, { cors }: ApiConfig): void => {
  for (const [field, form] of [
    ['methods', method],
    ['headers', token],
    ['exposeHeaders', token],
  ] as const)
    cors?.[field]?.forEach((name, index) => {
      if (!form.test(name))
        mistakes.add(`${place}.cors.${field}[${index}]`, `${JSON.stringify(name)} cannot stand in a header`)
    })
}

/** Tells what is wrong with the API at `place`. */
export const checkValues = (mistakes: Mistakes, place: string, api: ApiConfig): void => {
  const { audience, documentation, legacyTokens } = api
  // it stands in tokens and challenges, and the address of its document is made from it (RFC 8707 §2, RFC 9728 §3.1)
  if (audience !== undefined && !isWebUrl(audience, 500))
    mistakes.add(
      `${place}.audience`,
      `"${audience.slice(0, 80)}" must be an absolute http(s) URL of at most 500 characters, without fragment and user`,
    )
  if (documentation !== undefined && !isWebUrl(documentation, 2000))
    mistakes.add(`${place}.documentation`, `${JSON.stringify(documentation)} must be an absolute http(s) URL`)
  if (legacyTokens !== undefined && !isWebUrl(legacyTokens.link, 2000))
    mistakes.add(`${place}.legacyTokens.link`, `${JSON.stringify(legacyTokens.link)} must be an absolute http(s) URL`)
  checkTimes(mistakes, place, api)
  checkDemands(mistakes, place, api)
  checkCors(mistakes, place, api)
}

/** Tells what is wrong with the profile at `place`, one of the user's own or one that an API overrides. */
export const checkProfileValues = (
  mistakes: Mistakes,
  place: string,
  { accepts, errors }: Pick<ProfileConfig, 'accepts' | 'errors'>,
): void => {
  if (accepts?.length === 0) mistakes.add(`${place}.accepts`, 'names no kind of credential, so that nobody gets in')
  const type = errors?.contentType
  if (type !== undefined && !/^[!-~](?:[ -~]*[!-~])?$/.test(type))
    mistakes.add(`${place}.errors.contentType`, `${JSON.stringify(type)} cannot stand in a header`)
}
