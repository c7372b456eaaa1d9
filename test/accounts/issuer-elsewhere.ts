// An issuer elsewhere, on a real socket, which says of people whatever a test wants.
import { once } from 'node:events'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type CryptoKey, SignJWT, exportJWK, generateKeyPair } from 'jose'
import type { Cleanup } from '../temporary-folder.ts'

export interface IssuerElsewhere {
  url: string
  /** Who signs in there next. */
  person: Record<string, unknown>
  /** What its discovery document says besides. */
  metadata: Record<string, unknown>
  /** What the id_token says otherwise than is right. */
  idToken: Record<string, unknown>
  /** What signs it, instead of its own key. */
  key: CryptoKey | undefined
  /** Answers instead of it; false: it does not. */
  instead: (request: IncomingMessage, response: ServerResponse) => boolean
  /** Token requests, as they came. */
  exchanges: { authorization: string | undefined; form: URLSearchParams }[]
  /** Goes there with the address that the deployment redirects to, signs in, and answers the path and query of the callback. */
  signIn: (location: string, change?: Record<string, string | undefined>) => string
}

export const clientId = 'latchkey'
export const clientSecret = 'secret:with/characters +'

const json = (response: ServerResponse, body: object): void => {
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(body))
}

export const issuerElsewhere = async (t: Cleanup): Promise<IssuerElsewhere> => {
  const { publicKey, privateKey } = await generateKeyPair('RS256')
  const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256', use: 'sig' }
  const nonces = new Map<string, string>()
  const token = async (request: IncomingMessage): Promise<object> => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    const form = new URLSearchParams(body)
    elsewhere.exchanges.push({ authorization: request.headers.authorization, form })
    const seconds = Math.floor(Date.now() / 1000)
    const claims = {
      iss: elsewhere.url,
      aud: clientId,
      iat: seconds,
      exp: seconds + 300,
      nonce: nonces.get(form.get('code') ?? ''),
      ...elsewhere.person,
      ...elsewhere.idToken,
    }
    const signed = new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'one' })
    const idToken = await signed.sign(elsewhere.key ?? privateKey)
    return { access_token: 'at', token_type: 'Bearer', expires_in: 60, id_token: idToken }
  }
  const server = createServer((request, response) => {
    if (elsewhere.instead(request, response)) return
    const path = request.url?.split('?')[0]
    if (path === '/.well-known/openid-configuration')
      return json(response, {
        issuer: elsewhere.url,
        authorization_endpoint: `${elsewhere.url}/authorize`,
        token_endpoint: `${elsewhere.url}/token`,
        jwks_uri: `${elsewhere.url}/jwks`,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256'],
        authorization_response_iss_parameter_supported: true,
        ...elsewhere.metadata,
      })
    if (path === '/jwks') return json(response, { keys: [jwk] })
    if (path === '/token') return void token(request).then((body) => json(response, body))
    response.writeHead(404).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const elsewhere: IssuerElsewhere = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    person: { sub: 'ada', email: 'ada@example.com', email_verified: true, name: 'Ada Lovelace' },
    metadata: {},
    idToken: {},
    key: undefined,
    instead: () => false,
    exchanges: [],
    signIn(location, change = {}) {
      const asked = new URL(location).searchParams
      const code = crypto.randomUUID()
      nonces.set(code, asked.get('nonce') ?? '')
      const answer = { code, state: asked.get('state') ?? '', iss: elsewhere.url, ...change }
      const query = new URLSearchParams(
        Object.entries(answer).filter((entry): entry is [string, string] => entry[1] !== undefined),
      )
      return `${new URL(asked.get('redirect_uri') ?? '').pathname}?${query.toString()}`
    },
  }
  return elsewhere
}
