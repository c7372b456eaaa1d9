// The management API of a running server over HTTP, with the token that `latchkey login` stored.
import { Refusal } from '../errors.ts'
import { Fault, type ManagementClient, readAnswer } from './client.ts'
import { storedToken } from './stored-credentials.ts'

/** Longest that an answer is waited for. */
const timeoutSeconds = 60

/** A client that presents `token` at the origin `url`. */
export const remoteClient = (url: string, token: string): ManagementClient => ({
  async request(method, path, body) {
    let response: Response
    let text: string
    try {
      response = await fetch(`${url}/api/v1${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          accept: 'application/json',
          ...(body && { 'content-type': 'application/json' }),
        },
        ...(body && { body: JSON.stringify(body) }),
        redirect: 'error', // the token goes to no other server
        signal: AbortSignal.timeout(timeoutSeconds * 1000),
      })
      text = await response.text()
    } catch (error) {
      throw new Fault(`${url} cannot be reached: ${reasonOf(error)}.`)
    }
    if (response.status === 401)
      throw new Refusal(
        'invalid_api_key',
        `${url} does not accept the token any more. Sign in again: latchkey login --url ${url}`,
      )
    return readAnswer(response.status, text)
  },
  async close() {},
})

/** fetch hides why it failed in the cause; several addresses tried make an AggregateError without a message. */
const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return 'for an unknown reason'
  if (error.name === 'TimeoutError') return `no answer within ${timeoutSeconds} seconds`
  const cause = error.cause instanceof Error ? error.cause : error
  if (cause instanceof AggregateError && cause.errors.length > 0) return reasonOf(cause.errors[0])
  return cause.message || (cause as NodeJS.ErrnoException).code || cause.name
}

export const openRemoteClient = async (url: string): Promise<ManagementClient> => {
  const token = await storedToken(url)
  if (token === undefined)
    throw new Refusal('invalid_api_key', `You are not signed in to ${url}. Sign in first: latchkey login --url ${url}`)
  return remoteClient(url, token)
}
