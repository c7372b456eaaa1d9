// What belongs to a person lies under /account for themselves, and under the user for operators.
import { type ManagementClient, path } from './client.ts'

/** The path of `what` of the user, for whoever asks. */
export const ofPerson = async (
  client: ManagementClient,
  userId: string,
  what: 'tokens' | 'applications',
): Promise<string> => {
  const { user } = await client.request('GET', '/users/me')
  const own = typeof user === 'object' && user !== null && 'id' in user && user.id === userId
  return own ? `/account/${what}` : path`/users/${userId}/${what}`
}
