// Who asks at the token endpoint, and how: client authentication and the form of the request (RFC 6749 §2.3, §3.2, §4.4.2, §5.2).
import { type Case, orders, type Side, stock } from './side.ts'
import { answered, basic, type Fields } from './steps.ts'

const path = '/oauth/token'

/** A client credentials request as somebody puts it. */
const asked = (
  name: string,
  how: (side: Side) => { headers?: Record<string, string>; fields?: Fields; more?: [string, string][]; body?: string },
): Case =>
  answered(`token request: ${name}`, (side) => {
    const { headers = {}, fields = {}, more = [], body } = how(side)
    if (body !== undefined) return side.send({ method: 'POST', path, headers, body })
    const form = Object.entries({ grant_type: 'client_credentials', ...fields }).flatMap(
      ([field, value]): [string, string][] => (value === undefined ? [] : [[field, value]]),
    )
    return side.send({ method: 'POST', path, headers, form: [...form, ...more] })
  })

const machine = ({ clients }: Side) => clients.machine
const secretOf = (side: Side): string => machine(side).client_secret as string
const wrongBasic = (text: string): { headers: Record<string, string> } => ({
  headers: { authorization: `Basic ${Buffer.from(text).toString('base64')}` },
})

export const clientCases: readonly Case[] = [
  asked('all is right', (side) => ({ headers: basic(machine(side)) })),
  asked('the secret in the body', (side) => ({ fields: { ...machine(side) } })),
  asked('the id alone', (side) => ({ fields: { client_id: machine(side).client_id } })),
  asked('nobody', () => ({})),
  asked('an empty client_id', () => ({ fields: { client_id: '', client_secret: '' } })),
  asked('an unknown client by Basic', () => wrongBasic('unknown:secret')),
  asked('an unknown client in the body', () => ({ fields: { client_id: 'unknown', client_secret: 'secret' } })),
  asked('a wrong secret by Basic', (side) => ({ headers: basic({ ...machine(side), client_secret: 'wrong' }) })),
  asked('a wrong secret in the body', (side) => ({ fields: { ...machine(side), client_secret: 'wrong' } })),
  asked('an empty secret by Basic', (side) => ({ headers: basic({ ...machine(side), client_secret: '' }) })),
  asked('the secret of another client', (side) => ({
    headers: basic({ ...machine(side), client_secret: side.clients.web.client_secret }),
  })),
  asked('by Basic and in the body', (side) => ({ headers: basic(machine(side)), fields: { ...machine(side) } })),
  asked('by Basic, with the same client_id in the body', (side) => ({
    headers: basic(machine(side)),
    fields: { client_id: machine(side).client_id },
  })),
  asked('by Basic, with another client_id in the body', (side) => ({
    headers: basic(machine(side)),
    fields: { client_id: side.clients.web.client_id },
  })),
  asked('Basic without a colon', () => wrongBasic('unknown')),
  asked('Basic with broken percent-encoding', (side) => wrongBasic(`${machine(side).client_id}:%zz`)),
  asked('Basic that is not base64', () => ({ headers: { authorization: 'Basic !!!' } })),
  asked('Basic without anything', () => ({ headers: { authorization: 'Basic' } })),
  asked('the scheme in lower case', (side) => ({
    headers: { authorization: basic(machine(side)).authorization?.replace('Basic', 'basic') ?? '' },
  })),
  asked('the scheme Bearer', (side) => ({ headers: { authorization: `Bearer ${secretOf(side)}` } })),
  asked('client_secret twice', (side) => ({ fields: { ...machine(side) }, more: [['client_secret', secretOf(side)]] })),
  asked('an assertion that is none', (side) => ({
    fields: {
      client_id: machine(side).client_id,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: 'x',
    },
  })),
  asked('an assertion of an unknown type', (side) => ({
    fields: { client_id: machine(side).client_id, client_assertion_type: 'x', client_assertion: 'x' },
  })),
  asked('a public client with a secret', (side) => ({
    fields: { client_id: side.clients.native.client_id, client_secret: 'x' },
  })),
  asked('a public client', (side) => ({ fields: { client_id: side.clients.native.client_id } })),
  asked('a client without the grant', (side) => ({ headers: basic(side.clients.web) })),
  ...[
    '',
    'unknown',
    'password',
    'implicit',
    'CLIENT_CREDENTIALS',
    'client_credentials ',
    'urn:ietf:params:oauth:grant-type:jwt-bearer',
  ].map((grant_type) =>
    asked(`grant_type=${grant_type}`, (side) => ({ headers: basic(machine(side)), fields: { grant_type } })),
  ),
  asked('an unknown grant_type and a wrong secret', (side) => ({
    headers: basic({ ...machine(side), client_secret: 'wrong' }),
    fields: { grant_type: 'unknown' },
  })),
  asked('no grant_type', (side) => ({ headers: basic(machine(side)), fields: { grant_type: undefined } })),
  ...['read', 'read write', 'unknown', 'read unknown', 'a  b', 'a"', 'openid', 'verify', ''].map((scope) =>
    asked(`scope=${scope}`, (side) => ({ headers: basic(machine(side)), fields: { scope } })),
  ),
  ...[orders, stock, 'https://unknown.example.com', 'orders', `${orders}#x`, ''].map((resource) =>
    asked(`resource=${resource}`, (side) => ({ headers: basic(machine(side)), fields: { resource } })),
  ),
  asked('two resources', (side) => ({
    headers: basic(machine(side)),
    more: [
      ['resource', orders],
      ['resource', stock],
    ],
  })),
  asked('the same resource twice', (side) => ({
    headers: basic(machine(side)),
    more: [
      ['resource', orders],
      ['resource', orders],
    ],
  })),
  asked('an unknown parameter', (side) => ({ headers: basic(machine(side)), fields: { unknown: 'x' } })),
  asked('an unknown parameter twice', (side) => ({
    headers: basic(machine(side)),
    more: [
      ['unknown', 'x'],
      ['unknown', 'x'],
    ],
  })),
  asked('JSON', (side) => ({
    headers: { ...basic(machine(side)), 'content-type': 'application/json' },
    body: '{"grant_type":"client_credentials"}',
  })),
  asked('plain text', (side) => ({
    headers: { ...basic(machine(side)), 'content-type': 'text/plain' },
    body: 'grant_type=client_credentials',
  })),
  asked('a body that is not well-formed', (side) => ({
    headers: { ...basic(machine(side)), 'content-type': 'application/x-www-form-urlencoded' },
    body: 'grant_type=client_credentials&scope=%zz',
  })),
  asked('an empty body', (side) => ({
    headers: { ...basic(machine(side)), 'content-type': 'application/x-www-form-urlencoded' },
    body: '',
  })),
  answered('token request: by GET', (side) =>
    side.send({ method: 'GET', path, query: [['grant_type', 'client_credentials']], headers: basic(machine(side)) }),
  ),
  answered('token request: parameters in the query', (side) =>
    side.send({
      method: 'POST',
      path,
      query: [['grant_type', 'client_credentials']],
      headers: { ...basic(machine(side)), 'content-type': 'application/x-www-form-urlencoded' },
      body: 'x=y',
    }),
  ),
]
