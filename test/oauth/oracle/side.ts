// What both authorization servers of the differential test are to it: something that takes requests, and a person who allows everything.

export type Pairs = readonly (readonly [name: string, value: string])[]

export const queryString = (pairs: Pairs): string =>
  new URLSearchParams(pairs.map(([name, value]) => [name, value])).toString()

interface Sent {
  method: 'GET' | 'POST'
  path: string
  query?: Pairs
  form?: Pairs
  /** Instead of a form. */
  body?: string
  headers?: Readonly<Record<string, string>>
}

export interface Got {
  status: number
  headers: Readonly<Record<string, string | undefined>>
  body: string
}

export interface Client {
  client_id: string
  client_secret?: string
}

export type ClientName = 'web' | 'other' | 'native' | 'optional' | 'machine' | 'pushing' | 'device'

/** The same at both sides, ids and secrets too. */
export type Clients = Readonly<Record<ClientName, Client>>

export interface Side {
  clients: Clients
  send(sent: Sent): Promise<Got>
  /** What comes of an authorization request in a browser: the person signs in where asked and allows all. `signedIn` false: a browser without session. */
  browse(parameters: Pairs, signedIn?: boolean): Promise<Got>
}

/** What is compared, written so that a table can hold it. */
export type Observed = string

export interface Case {
  name: string
  run: (side: Side) => Promise<Observed>
}

export const redirectUri = 'https://app.example.com/callback'
export const secondRedirectUri = 'https://app.example.com/second?kind=a'
export const nativeRedirectUri = 'http://127.0.0.1/callback'
export const schemeRedirectUri = 'com.example.app:/callback'

export const orders = 'https://orders.example.com'
export const stock = 'https://stock.example.com'
export const personEmail = 'ada@example.com'

/** The parameters of a form that a page posts by itself. */
const hiddenFields = (page: string): Record<string, string> =>
  Object.fromEntries(
    [...page.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)].map(([, name = '', value = '']) => [
      name,
      value,
    ]),
  )

interface Reply {
  to: string
  mode: string
  parameters: Record<string, string>
}

/** What an authorization request has sent to the client; undefined: it shows a page. */
export const replyOf = ({ headers, body }: Got): Reply | undefined => {
  const { location } = headers
  if (location !== undefined) {
    const url = new URL(location, 'http://server.invalid')
    return {
      to: location,
      mode: url.hash.length > 1 ? 'fragment' : 'query',
      parameters: Object.fromEntries(url.hash.length > 1 ? new URLSearchParams(url.hash.slice(1)) : url.searchParams),
    }
  }
  const action = /<form method="post" action="([^"]*)"/.exec(body)?.[1]
  return action !== undefined && URL.canParse(action)
    ? { to: action, mode: 'form_post', parameters: hiddenFields(body) }
    : undefined
}

/** `sent query code`, `sent query invalid_request, without state`, `shown 400 invalid_client`, … */
export const observedAuthorization = (got: Got, state: string | undefined = 'state'): Observed => {
  const reply = replyOf(got)
  if (!reply) {
    const error = /"error":"(\w+)"|<code>(\w+)<\/code>/.exec(got.body)?.slice(1).join('') ?? ''
    // oidc-provider has a name of its own for what RFC 6749 §4.1.2.1 only wants told to the person
    return `shown ${got.status} ${error === 'invalid_redirect_uri' ? 'invalid_request' : error}`
  }
  const { code, error = '', state: told, iss } = reply.parameters
  return [
    `sent ${reply.mode} ${code === undefined ? error : 'code'}`,
    told === state ? '' : ', with another state',
    iss === undefined ? ', without iss' : '',
  ].join('')
}

export const jsonOf = ({ body }: Got): Record<string, unknown> => {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

/** `200`, `400 invalid_grant`, `401 invalid_client Basic`: status, error and scheme of the challenge. */
export const observedAnswer = (got: Got): Observed => {
  const { error } = jsonOf(got)
  const scheme = got.headers['www-authenticate']?.split(' ', 1)[0]
  return [String(got.status), error, scheme].filter((part) => typeof part === 'string').join(' ')
}
