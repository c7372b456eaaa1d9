// Authorization requests, right and wrong (RFC 6749 §4.1.1, RFC 7636 §4.3, RFC 8707 §2.1, OpenID Connect Core §3.1.2.1).
import { hash } from 'node:crypto'
import {
  type Case,
  type ClientName,
  type Pairs,
  type Side,
  nativeRedirectUri,
  observedAuthorization,
  orders,
  redirectUri,
  schemeRedirectUri,
  secondRedirectUri,
  stock,
} from './side.ts'

export const verifier = 'a-verifier-of-at-least-43-characters-as-RFC-7636-wants'
const challenge = hash('sha256', verifier, 'base64url')

export const rightRequest = (side: Side, client: ClientName = 'web'): Record<string, string> => ({
  client_id: side.clients[client].client_id,
  redirect_uri: client === 'native' ? nativeRedirectUri : redirectUri,
  response_type: 'code',
  scope: 'openid read',
  state: 'state',
  nonce: 'nonce',
  code_challenge: challenge,
  code_challenge_method: 'S256',
})

interface Change {
  client?: ClientName
  /** Parameters that differ; undefined: left out. */
  set?: Readonly<Record<string, string | undefined>>
  /** Parameters besides, which may repeat. */
  add?: Pairs
  signedIn?: boolean
}

/** A nonce is for OpenID Connect: a request for an API alone has none. */
const withoutOpenId = ({ scope }: NonNullable<Change['set']>): Change['set'] =>
  scope === undefined || scope.split(' ').includes('openid') ? {} : { nonce: undefined }

const pairsOf = (side: Side, { client, set = {}, add = [] }: Change): Pairs => [
  ...Object.entries({ ...rightRequest(side, client), ...withoutOpenId(set), ...set }).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  ),
  ...add,
]

const changed = (name: string, change: Change): Case => ({
  name: `authorize: ${name}`,
  run: async (side) => {
    const state = change.set && 'state' in change.set ? change.set.state || undefined : 'state'
    return observedAuthorization(await side.browse(pairsOf(side, change), change.signedIn), state)
  },
})

/** A value as it stands in the name of a case. */
const shortened = (value: string): string =>
  (value.length > 60 ? `${value.slice(0, 10)}… (${value.length})` : value).replaceAll(/\p{Cc}/gu, (character) =>
    encodeURIComponent(character),
  )

/** A case for each value of one parameter. */
const values = (parameter: string, list: readonly string[], change: Change = {}): Case[] =>
  list.map((value) =>
    changed(`${parameter}=${shortened(value)}`, {
      ...change,
      set: { ...change.set, [parameter]: value },
    }),
  )

const named = (label: string, cases: Case[]): Case[] =>
  cases.map(({ name, run }) => ({ name: `${name}, ${label}`, run }))

const parameters = [
  'client_id',
  'redirect_uri',
  'response_type',
  'scope',
  'state',
  'nonce',
  'code_challenge',
  'code_challenge_method',
]

export const authorizeCases: readonly Case[] = [
  changed('all is right', {}),
  changed('all is right, of a public client', { client: 'native' }),
  ...parameters.flatMap((parameter) => [
    changed(`no ${parameter}`, { set: { ...(parameter === 'scope' && { nonce: undefined }), [parameter]: undefined } }),
    changed(`an empty ${parameter}`, { set: { ...(parameter === 'scope' && { nonce: undefined }), [parameter]: '' } }),
    changed(`${parameter} twice, the same`, {
      set: { [parameter]: undefined },
      add: [
        [parameter, { client_id: 'unknown', redirect_uri: redirectUri, response_type: 'code' }[parameter] ?? 'read'],
        [parameter, { client_id: 'unknown', redirect_uri: redirectUri, response_type: 'code' }[parameter] ?? 'read'],
      ],
    }),
  ]),
  ...['prompt', 'max_age', 'response_mode', 'login_hint', 'ui_locales', 'unknown'].map((parameter) =>
    changed(`${parameter} twice`, {
      add: [
        [parameter, { prompt: 'login', max_age: '10', response_mode: 'query' }[parameter] ?? 'x'],
        [parameter, { prompt: 'login', max_age: '10', response_mode: 'query' }[parameter] ?? 'x'],
      ],
    }),
  ),
  changed('no PKCE', { set: { code_challenge: undefined, code_challenge_method: undefined } }),
  changed('no PKCE, of a public client', {
    client: 'native',
    set: { code_challenge: undefined, code_challenge_method: undefined },
  }),
  changed('no PKCE, of a client that need not', {
    client: 'optional',
    set: { code_challenge: undefined, code_challenge_method: undefined },
  }),
  changed('no redirect_uri, of a client with one, without openid', {
    client: 'other',
    set: { redirect_uri: undefined, scope: 'read' },
  }),
  changed('no redirect_uri, of a client with one, with openid', { client: 'other', set: { redirect_uri: undefined } }),
  changed('no state and no nonce', { set: { state: undefined, nonce: undefined } }),
  changed('unknown parameters besides', {
    add: [
      ['utm_source', 'x'],
      ['claims_locales', 'de'],
      ['display', 'page'],
    ],
  }),

  ...values('client_id', ['unknown', 'x'.repeat(5000), 'https://client.example.com/metadata', ' ', '0']),
  ...values('redirect_uri', [
    secondRedirectUri,
    `${redirectUri}/`,
    `${redirectUri}?x=1`,
    `${redirectUri}#x`,
    redirectUri.toUpperCase(),
    redirectUri.replace('https', 'http'),
    'https://app.example.com/',
    'https://app.example.com/callback/../callback',
    'https://app.example.com/%63allback',
    'https://app.example.com:443/callback',
    'https://app.example.com@evil.example/callback',
    'https://evil.example/callback',
    'https://app.example.com/second',
    'https://app.example.com/second?kind=b',
    '/callback',
    'callback',
    'javascript:alert(1)',
    'data:text/html,x',
    `${redirectUri} `,
    `${redirectUri},https://evil.example`,
  ]),
  ...named('of a native client', [
    ...values(
      'redirect_uri',
      [
        nativeRedirectUri,
        'http://127.0.0.1:3000/callback',
        'http://127.0.0.1:3000/other',
        'http://127.0.0.1:3000/callback?x=1',
        'http://localhost/callback',
        'http://localhost:3000/callback',
        'http://[::1]:3000/callback',
        'https://127.0.0.1:3000/callback',
        'http://127.0.0.1.evil.example/callback',
        schemeRedirectUri,
        'com.example.app://callback',
        'com.example.app:/other',
        'com.example.other:/callback',
      ],
      { client: 'native' },
    ),
  ]),
  ...values('response_type', [
    'token',
    'id_token',
    'code token',
    'code id_token',
    'code id_token token',
    'none',
    'CODE',
    ' code',
    'code code',
    'unknown',
  ]),
  ...values('response_mode', ['query', 'form_post', 'fragment', 'web_message', 'jwt', 'unknown', 'QUERY', '']),
  ...named(
    'and another mistake',
    values('response_mode', ['query', 'form_post', 'fragment', 'unknown'], {
      set: { scope: 'openid', prompt: 'none login' },
    }),
  ),
  ...values('prompt', [
    'none',
    'login',
    'consent',
    'select_account',
    'login consent',
    'consent login',
    'login login',
    'none login',
    'none none',
    'create',
    'unknown',
    'login unknown',
    'NONE',
    '',
    ' ',
  ]),
  changed('prompt=none, nobody signed in', { set: { prompt: 'none' }, signedIn: false }),
  changed('prompt=none and max_age=0', { set: { prompt: 'none', max_age: '0' } }),
  ...values('max_age', ['0', '1', '3600', '-1', '1.5', '1e3', 'abc', '', ' 10', '+10', '99999999999999999999']),
  ...values('code_challenge_method', ['plain', 'S512', 's256', 'S256 ', 'unknown']),
  ...values('code_challenge', [
    'short',
    'a'.repeat(42),
    'a'.repeat(43),
    'a'.repeat(44),
    'a'.repeat(128),
    'a'.repeat(129),
    `${'a'.repeat(42)}=`,
    `${'a'.repeat(42)}+`,
    `${'a'.repeat(42)}.`,
    `${'a'.repeat(42)} `,
  ]),
  ...named(
    'of a client that need not use PKCE',
    values('code_challenge_method', ['plain', ''], { client: 'optional' }),
  ),
  changed('code_challenge_method alone, of a client that need not use PKCE', {
    client: 'optional',
    set: { code_challenge: undefined },
  }),
  ...values('scope', [
    'read',
    'openid',
    'openid read write',
    'openid profile email',
    'openid offline_access',
    'offline_access',
    'profile',
    'unknown',
    'openid unknown',
    'read unknown',
    'openid openid',
    'openid  read',
    ' openid',
    'openid ',
    'openid\tread',
    'openid "read"',
    'openid read\\',
    'openid ünknown',
    'OPENID',
    'manage',
    'verify',
    'openid,read',
  ]),
  ...values('resource', [
    orders,
    stock,
    'https://unknown.example.com',
    `${orders}/`,
    `${orders}#x`,
    'orders',
    '/orders',
    'not a uri',
    '',
  ]),
  changed('resource twice, the same', {
    set: { scope: 'read' },
    add: [
      ['resource', orders],
      ['resource', orders],
    ],
  }),
  changed('two resources', {
    set: { scope: 'read' },
    add: [
      ['resource', orders],
      ['resource', stock],
    ],
  }),
  changed('a known and an unknown resource', {
    set: { scope: 'read' },
    add: [
      ['resource', orders],
      ['resource', 'https://unknown.example.com'],
    ],
  }),
  ...values('request', ['e30.e30.', 'x', '']),
  ...values('request_uri', [
    'https://app.example.com/request',
    'urn:ietf:params:oauth:request_uri:unknown',
    'urn:example:request',
    'x',
    '',
  ]),
  ...values('claims', ['{"userinfo":{"email":null}}', '{', 'x']),
  ...values('registration', ['{}']),
  ...values('id_token_hint', ['x', 'e30.e30.']),
  ...values('login_hint', ['ada@example.com', '<script>', 'x'.repeat(300)]),
  ...values('ui_locales', ['de en', 'x']),
  ...values('acr_values', ['1']),
  ...values('display', ['popup', 'unknown']),
  ...values('dpop_jkt', ['x', 'a'.repeat(43), 'a'.repeat(42)]),
  ...values('state', [
    'ä',
    '<script>alert(1)</script>',
    'a b&c=d',
    'x'.repeat(1000),
    'x'.repeat(3000),
    '\u0000',
    'a\nb',
  ]),
  ...values('nonce', ['ä', 'x'.repeat(400), 'x'.repeat(2000)]),
  changed('a client without the grant', { client: 'machine', set: { redirect_uri: redirectUri } }),
  changed('a client without the grant and without redirect_uri', {
    client: 'device',
    set: { redirect_uri: undefined },
  }),
  changed('a client that must push', { client: 'pushing' }),
  changed('two mistakes: redirect_uri and response_type', {
    set: { redirect_uri: 'https://evil.example', response_type: 'token' },
  }),
  changed('two mistakes: client_id and redirect_uri', {
    set: { client_id: 'unknown', redirect_uri: 'https://evil.example' },
  }),
  changed('two mistakes: response_type and scope', { set: { response_type: 'token', scope: 'unknown' } }),
  changed('by POST', {}),
].map((each) =>
  each.name === 'authorize: by POST'
    ? {
        ...each,
        run: async (side: Side) => {
          const form = pairsOf(side, {})
          const { status, headers } = await side.send({ method: 'POST', path: '/oauth/authorize', form })
          return `${status >= 300 && status < 400 && headers.location !== undefined ? 'goes on' : status}`
        },
      }
    : each,
)
