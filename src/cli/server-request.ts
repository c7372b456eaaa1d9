// One request to a server's HTTP endpoints, with the reason where it cannot be reached.
import { Fault } from './client.ts'

/** Longest that an answer is waited for. */
const timeoutSeconds = 60

/** Status and body of the answer. Throws Fault where there is none. */
export const sendRequest = async (
  url: string,
  path: string,
  { method, headers, body }: { method: string; headers: Record<string, string>; body?: string | undefined },
): Promise<{ status: number; text: string }> => {
  try {
    const response = await fetch(url + path, {
      method,
      headers,
      ...(body !== undefined && { body }),
      redirect: 'error', // the credential goes to no other server
      signal: AbortSignal.timeout(timeoutSeconds * 1000),
    })
    return { status: response.status, text: await response.text() }
  } catch (error) {
    throw new Fault(`${url} cannot be reached: ${reasonOf(error)}.`)
  }
}

/** fetch hides why it failed in the cause; several addresses tried make an AggregateError without a message. */
const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return 'for an unknown reason'
  if (error.name === 'TimeoutError') return `no answer within ${timeoutSeconds} seconds`
  const cause = error.cause instanceof Error ? error.cause : error
  if (cause instanceof AggregateError && cause.errors.length > 0) return reasonOf(cause.errors[0])
  return cause.message || (cause as NodeJS.ErrnoException).code || cause.name
}
