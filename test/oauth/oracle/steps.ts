// Steps that cases are made of: a code, its tokens, requests in a client's name.
import { rightRequest, verifier } from './authorize-cases.ts'
import {
  type Case,
  type Client,
  type ClientName,
  type Got,
  jsonOf,
  observedAnswer,
  replyOf,
  type Side,
} from './side.ts'

export type Fields = Readonly<Record<string, string | undefined>>

const pairs = (fields: Fields): [string, string][] =>
  Object.entries(fields).flatMap(([name, value]): [string, string][] => (value === undefined ? [] : [[name, value]]))

export const basic = ({ client_id, client_secret = '' }: Client): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString('base64')}`,
})

/** How each client is known: by HTTP Basic, or without a secret by its id alone. */
const known = (client: Client): { headers: Record<string, string>; fields: Fields } =>
  client.client_secret === undefined
    ? { headers: {}, fields: { client_id: client.client_id } }
    : { headers: basic(client), fields: {} }

/** A form posted in the name of a client; `by` undefined: in nobody's. */
export const post = (
  side: Side,
  path: string,
  by: ClientName | undefined,
  fields: Fields,
  more: readonly (readonly [string, string])[] = [],
): Promise<Got> => {
  const { headers, fields: own } = by === undefined ? { headers: {}, fields: {} } : known(side.clients[by])
  return side.send({ method: 'POST', path, headers, form: [...pairs({ ...own, ...fields }), ...more] })
}

export const codeOf = async (side: Side, client: ClientName = 'web', set: Fields = {}): Promise<string> => {
  const got = await side.browse(pairs({ ...rightRequest(side, client), ...set }))
  const code = replyOf(got)?.parameters.code
  if (code === undefined) throw new Error(`There is no code: ${got.status} ${got.headers.location ?? got.body}`)
  return code
}

/** What redeems a code of `codeOf`. */
export const redeeming = (side: Side, code: string, client: ClientName = 'web'): Fields => ({
  grant_type: 'authorization_code',
  code,
  redirect_uri: rightRequest(side, client).redirect_uri,
  code_verifier: verifier,
})

export interface Tokens {
  access_token: string
  refresh_token: string
  id_token?: string
}

export const tokensOf = async (side: Side, client: ClientName = 'web', set: Fields = {}): Promise<Tokens> => {
  const got = await post(side, '/oauth/token', client, redeeming(side, await codeOf(side, client, set), client))
  if (got.status !== 200) throw new Error(`There are no tokens: ${got.body}`)
  return jsonOf(got) as unknown as Tokens
}

/** A case whose observation is one answer. */
export const answered = (name: string, run: (side: Side) => Promise<Got>): Case => ({
  name,
  run: async (side) => observedAnswer(await run(side)),
})
