// Ada has allowed two applications to act for her: one that somebody here has made, and one known by its metadata document.
import { visitor, addPerson, password, type Visitor } from '../visitor.ts'
import { type Clock, type Launched, type LaunchOptions, launch, stoppedClock } from '../harness.ts'
import { type TokenAnswer, allowedCode, pkce, signIn, token } from '../oauth/flow.ts'
import { addClient } from '../store/rows.ts'

export const file: LaunchOptions['file'] = {
  oauth: { clientMetadataDocuments: true },
  defaultApi: 'orders',
  apis: {
    orders: {
      audience: 'https://orders.example.com',
      scopes: { read: 'Read orders', write: 'Change orders' },
      hosts: ['orders.localhost'],
      upstream: 'echo',
    },
  },
}
export const documentId = 'https://notes.example/client.json'
const redirect_uri = 'https://shop.example.com/callback'

export interface Scene {
  launched: Launched
  clock: Clock
  ada: string
  organization: string
  clientId: string
  /** Ada's tokens, as the client of this id gets them. */
  connect: (clientId: string, scope?: string) => Promise<TokenAnswer>
  refresh: (clientId: string, refreshToken: string) => Promise<{ status: number; body: TokenAnswer }>
  /** Ada allows it; what redeems the code. */
  code: (clientId: string, scope?: string) => Promise<() => Promise<{ status: number; body: TokenAnswer }>>
  /** The status that the gateway answers the token with. */
  statusOf: (accessToken: string, at?: Launched) => Promise<number>
  /** Ada's browser, signed in. */
  browser: () => Promise<Visitor>
}

export const scene = async (t: Parameters<typeof launch>[0]): Promise<Scene> => {
  const clock = stoppedClock('2026-11-22T12:00:00Z')
  const launched = await launch(t, { file: file ?? {}, now: clock })
  const { operate, app } = launched
  const ada = await addPerson(launched)
  const { id: organization } = await operate<{ id: string }>('POST', '/organizations', { name: 'Engines', owner: ada })
  const settings = { redirect_uris: [redirect_uri], grants: ['authorization_code', 'refresh_token'], public: true }
  const { client_id: clientId } = await operate<{ client_id: string }>(
    'POST',
    `/organizations/${organization}/clients`,
    { name: 'Shop', ...settings },
  )
  await addClient(app.store, organization, {
    id: documentId,
    organization_id: null,
    name: 'Notes <b>',
    public: 1,
    redirect_uris: JSON.stringify(settings.redirect_uris),
    grants: JSON.stringify(settings.grants),
    registration: 'document',
    stale_at: clock() + 86_400_000 * 1_000,
  })
  const code: Scene['code'] = async (client_id, scope = 'read') => {
    const browser = await signIn(launched, ada, clock())
    const { verifier, challenge } = pkce()
    const value = await allowedCode(launched, browser, {
      client_id,
      redirect_uri,
      response_type: 'code',
      scope,
      code_challenge: challenge,
      code_challenge_method: 'S256',
    })
    const form = { grant_type: 'authorization_code', code: value, redirect_uri, code_verifier: verifier }
    return () => token(launched, { client_id }, form)
  }
  return {
    launched,
    clock,
    ada,
    organization,
    clientId,
    code,
    async connect(client_id, scope) {
      const { status, body } = await (await code(client_id, scope))()
      if (status !== 200) throw new Error(JSON.stringify(body))
      return body
    },
    refresh: (client_id, refresh_token) =>
      token(launched, { client_id }, { grant_type: 'refresh_token', refresh_token }),
    statusOf: async (accessToken, at = launched) =>
      (await at.ask('GET', '/', { host: 'orders.localhost', as: accessToken })).statusCode,
    async browser() {
      const visit = visitor(launched)
      await visit.signIn('ada@example.com', password)
      return visit
    },
  }
}
