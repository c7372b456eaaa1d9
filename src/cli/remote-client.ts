// The management API of a running server over HTTP, with what `latchkey login` stored.
import { Refusal } from '../errors.ts'
import { type ManagementClient, readAnswer } from './client.ts'
import { sendRequest } from './server-request.ts'
import { renew } from './sign-in.ts'
import { type StoredCredential, changeStored, storedCredential } from './stored-credentials.ts'

/** Where a client has its access token from. */
export interface TokenSource {
  present: () => Promise<string>
  /** Another one in place of one that was refused; undefined: there is none. */
  another: (refused: string) => Promise<string | undefined>
}

export const oneToken = (token: string): TokenSource => ({
  present: async () => token,
  another: async () => undefined,
})

/** An access token that ends within this is not sent any more. */
const leewayMs = 30_000

const notSignedIn = (url: string): Refusal =>
  new Refusal('invalid_api_key', `You are not signed in to ${url}. Sign in first: latchkey login --url ${url}`)

const valueOf = (credential: StoredCredential): string =>
  'token' in credential ? credential.token : credential.accessToken

/** What is stored for `url`, renewed when its time is over. */
const storedTokens = (url: string, stored: StoredCredential): TokenSource => {
  let current = stored
  const another = async (refused: string): Promise<string | undefined> => {
    const { after: next } = await changeStored(url, async (kept) =>
      // what another command has put there meanwhile is tried first: it may have renewed the very same sign-in
      kept === undefined || 'token' in kept || kept.accessToken !== refused ? kept : renew(url, kept),
    )
    if (next === undefined) throw notSignedIn(url)
    current = next
    return valueOf(next) === refused ? undefined : valueOf(next)
  }
  return {
    async present() {
      const isOver = 'expiresAt' in current && current.expiresAt - leewayMs <= Date.now()
      return (isOver && (await another(valueOf(current)))) || valueOf(current)
    },
    another,
  }
}

/** A client that presents tokens of `source` at the origin `url`. */
export const remoteClient = (url: string, source: TokenSource): ManagementClient => ({
  async request(method, path, body) {
    const send = (token: string) =>
      sendRequest(url, `/api/v1${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          accept: 'application/json',
          ...(body && { 'content-type': 'application/json' }),
        },
        body: body && JSON.stringify(body),
      })
    const token = await source.present()
    let answer = await send(token)
    if (answer.status === 401) {
      const another = await source.another(token) // nothing was done with the first
      if (another !== undefined) answer = await send(another)
    }
    if (answer.status === 401)
      throw new Refusal(
        'invalid_api_key',
        `${url} does not accept the token any more. Sign in again: latchkey login --url ${url}`,
      )
    return readAnswer(answer.status, answer.text)
  },
  async close() {},
})

export const openRemoteClient = async (url: string): Promise<ManagementClient> => {
  const stored = await storedCredential(url)
  if (stored === undefined) throw notSignedIn(url)
  return remoteClient(url, storedTokens(url, stored))
}
