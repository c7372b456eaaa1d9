// What an authorization request that is right comes to next, as a value: sign in, ask the person, allow as remembered, or refuse (OpenID Connect Core §3.1.2.3 to §3.1.2.6).
import type { Role } from '../../store/schema.ts'
import type { SecretBox } from '../../secret-box.ts'
import type { Store } from '../../store/store.ts'
import { isIdentityScope } from '../../config/config.ts'
import { isRecentProof } from '../../accounts/actor.ts'
import type { Session } from '../../accounts/sessions.ts'
import { OAuthError } from '../errors.ts'
import { subjectOf } from '../subject.ts'
import type { AuthorizationRequest } from './request.ts'

/** An organization that the person may act for. */
export interface Choice {
  id: string
  name: string
  role: Role
}

/** For what the tokens are: one organization, all that the person reaches, or none. */
export type Reach = Choice | 'all' | undefined

export type NextStep =
  | { step: 'sign_in' }
  | { step: 'ask'; choices: readonly Choice[]; session: Session }
  | { step: 'allow'; reach: Reach; session: Session }
  | { step: 'refuse'; error: OAuthError }

/** More are not offered on one page. */
const maxChoices = 1000

/** Whether the request is about an API, for which the person then acts, and not about the person alone. */
export const isForApi = ({ scopes }: Pick<AuthorizationRequest, 'scopes'>): boolean =>
  scopes.length === 0 || !scopes.every(isIdentityScope)

export const choicesOf = (store: Pick<Store, 'db'>, userId: string): Promise<Choice[]> =>
  store.db
    .selectFrom('members as m')
    .innerJoin('organizations as o', 'o.id', 'm.organization_id')
    .select(['o.id', 'o.name', 'm.role'])
    .where('m.user_id', '=', userId)
    .where('o.suspended_at', 'is', null)
    .orderBy('o.name')
    .orderBy('o.id')
    .limit(maxChoices)
    .execute()

/** What a person chose on the page, of what there is to choose now; `none`: it is not among that. */
export const chosenReach = async (
  store: Pick<Store, 'db'>,
  request: Pick<AuthorizationRequest, 'scopes'>,
  userId: string,
  organization: string | undefined,
): Promise<Reach | 'none'> => {
  if (!isForApi(request)) return undefined
  if (organization === 'all') return request.scopes.includes('manage') ? 'all' : 'none'
  const choices = await choicesOf(store, userId)
  if (choices.length === 0) return organization === undefined ? undefined : 'none'
  return choices.find(({ id }) => id === organization) ?? 'none'
}

/** From the sign-in back to the request that asked for it. */
const returnMs = 5 * 60_000

/** Whether the person may allow this now: all that they could do themselves is not given away in a browser that somebody has left open. */
export const mayAllow = (
  { scopes }: Pick<AuthorizationRequest, 'scopes'>,
  authenticatedAt: number,
  now: number,
): boolean => !scopes.includes('manage') || isRecentProof(authenticatedAt, now)

/** `askedAt`: when this very request last asked for a sign-in; one that came later is new enough, as long as it has just been: who walks up to the screen afterwards must not bring a mark along. */
const isRecent = (
  { prompt, maxAgeSeconds, scopes }: AuthorizationRequest,
  { authenticatedAt }: Session,
  askedAt: number | undefined,
  now: number,
): boolean => {
  if (askedAt !== undefined && authenticatedAt >= askedAt && now - authenticatedAt <= returnMs) return true
  if (prompt.has('login') || prompt.has('select_account')) return false
  if (!mayAllow({ scopes }, authenticatedAt, now)) return false
  return maxAgeSeconds === undefined || now - authenticatedAt <= maxAgeSeconds * 1000
}

/** Anybody can pose as an app on the same device: what was once allowed says nothing (RFC 8252 §8.6). Nor is `manage` ever given in passing. */
const isRememberable = ({ client, redirectUri, scopes }: AuthorizationRequest): boolean =>
  !scopes.includes('manage') && (!client.public || redirectUri.startsWith('https:'))

/** What the person allowed this client before, if it covers the request and still holds. */
const remembered = async (
  store: Pick<Store, 'db'>,
  request: AuthorizationRequest,
  { userId }: Session,
  choices: readonly Choice[],
): Promise<{ reach: Reach } | undefined> => {
  if (!isRememberable(request)) return undefined
  const consents = await store.db
    .selectFrom('consents')
    .select(['organization_id', 'scopes'])
    .where('user_id', '=', userId)
    .where('client_id', '=', request.client.id)
    .where('api', '=', request.api.name)
    .orderBy('created_at', 'desc')
    .execute()
  for (const { organization_id: id, scopes } of consents) {
    const allowed = scopes.split(' ')
    if (!request.scopes.every((scope) => allowed.includes(scope))) continue
    const reach = choices.find((choice) => choice.id === id)
    if (id === null ? choices.length === 0 || !isForApi(request) : reach !== undefined) return { reach }
  }
  return undefined
}

const loginRequired = (description: string): NextStep => ({
  step: 'refuse',
  error: new OAuthError('login_required', description),
})

export const nextStep = async (
  { store, box }: { store: Pick<Store, 'db'>; box: SecretBox },
  request: AuthorizationRequest,
  session: Session | undefined,
  askedAt: number | undefined,
  now: number,
): Promise<NextStep> => {
  const { client, expectedSubject, prompt } = request
  const silent = prompt.has('none')
  if (session === undefined || !isRecent(request, session, askedAt, now))
    return silent ? loginRequired('The person must sign in') : { step: 'sign_in' }
  if (expectedSubject !== null && subjectOf(box, client, session.userId) !== expectedSubject) {
    // who has just signed in would be asked round and round
    const isAnswer = askedAt !== undefined && session.authenticatedAt >= askedAt
    return silent || isAnswer ? loginRequired('Somebody else is signed in') : { step: 'sign_in' }
  }
  const choices = isForApi(request) ? await choicesOf(store, session.userId) : []
  const before = request.prompt.has('consent') ? undefined : await remembered(store, request, session, choices)
  if (before) return { step: 'allow', reach: before.reach, session }
  return silent
    ? { step: 'refuse', error: new OAuthError('consent_required', 'The person must be asked') }
    : { step: 'ask', choices, session }
}
