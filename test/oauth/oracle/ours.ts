// Latchkey as one side of the differential test.
import type { LatchkeyConfig } from '../../../src/config/config.ts'
import { type Cleanup, temporaryFolder } from '../../temporary-folder.ts'
import { launch, type Launched } from '../../harness.ts'
import { decide, signIn } from '../flow.ts'
import {
  type Client,
  type Clients,
  type Got,
  type Side,
  nativeRedirectUri,
  orders,
  personEmail,
  queryString,
  redirectUri,
  schemeRedirectUri,
  secondRedirectUri,
  stock,
} from './side.ts'

const file: LatchkeyConfig = {
  defaultApi: 'orders',
  apis: {
    orders: { audience: orders, scopes: { read: 'Read orders', write: 'Change orders' } },
    stock: { audience: stock, scopes: { read: 'Read stock', write: 'Change stock' } },
  },
}

type Answer = Pick<Awaited<ReturnType<Launched['ask']>>, 'statusCode' | 'headers' | 'body'>

const toGot = ({ statusCode, headers, body }: Answer): Got => ({
  status: statusCode,
  headers: headers as Got['headers'],
  body,
})

const code = 'authorization_code'
const refresh = 'refresh_token'
const deviceCode = 'urn:ietf:params:oauth:grant-type:device_code'

export const startOurs = async (t: Cleanup): Promise<Side> => {
  const launched = await launch(t, { file, folder: temporaryFolder(t) })
  const { operate, ask } = launched
  const { id: owner } = await operate<{ id: string }>('POST', '/users', { email: personEmail, name: 'Ada' })
  const { id: organization } = await operate<{ id: string }>('POST', '/organizations', { name: 'Acme', owner })
  const register = async (settings: Record<string, unknown>): Promise<Client> => {
    const { client_id, client_secret } = await operate<Client>('POST', `/organizations/${organization}/clients`, {
      name: 'Client',
      redirect_uris: [redirectUri],
      grants: [code, refresh],
      ...settings,
    })
    return { client_id, ...(client_secret !== undefined && { client_secret }) }
  }
  const clients: Clients = {
    web: await register({ redirect_uris: [redirectUri, secondRedirectUri], grants: [code, refresh, deviceCode] }),
    other: await register({}),
    native: await register({ public: true, redirect_uris: [nativeRedirectUri, schemeRedirectUri] }),
    optional: await register({ pkce: 'optional' }),
    machine: await register({ redirect_uris: [], grants: ['client_credentials'] }),
    pushing: await register({ par_required: true }),
    device: await register({ public: true, redirect_uris: [], grants: [deviceCode, refresh] }),
  }
  const browser = await signIn(launched, owner)
  const send: Side['send'] = async ({ method, path, query, form, body, headers }) =>
    toGot(
      await ask(method, query ? `${path}?${queryString(query)}` : path, {
        headers: { ...(form && { 'content-type': 'application/x-www-form-urlencoded' }), ...headers },
        ...(form && { body: queryString(form) }),
        ...(body !== undefined && { body }),
      }),
    )
  const browse = async (path: string, cookie: string): Promise<Got> => {
    const page = await ask('GET', path, { headers: { cookie } })
    const { location = '' } = page.headers
    if (location.startsWith('/login?')) {
      const back = new URL(location, launched.config.issuer).searchParams.get('return_to') ?? ''
      return browse(back, (await signIn(launched, owner, Date.now() + 1)).cookie)
    }
    if (page.body.includes('action="/oauth/authorize/decision'))
      return toGot(await decide(launched, { cookie, userId: owner }, page))
    return toGot(page)
  }
  return {
    clients,
    send,
    browse: (parameters, signedIn = true) =>
      browse(`/oauth/authorize?${queryString(parameters)}`, signedIn ? browser.cookie : ''),
  }
}
