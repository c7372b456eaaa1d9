// RFC 7662: what a token is, told to the APIs that it is for and to the client that it was issued to; to others it is not there.
import { clientParameters } from '../clients/authenticate.ts'
import type { Api, Config } from '../config/config.ts'
import { hashOf } from '../credentials/format.ts'
import { plainAddress } from '../network.ts'
import type { Tier } from '../store/schema.ts'
import { peekClaims } from '../tokens/peek-token.ts'
import type { Decision, Principal } from '../verify/decision.ts'
import { claimedApi } from './audience.ts'
import { OAuthError } from './errors.ts'
import { type FormRequest, parseForm } from './form.ts'
import type { OAuthDeps } from './grant.ts'
import { type IntrospectionCaller, introspectionCaller } from './introspection-caller.ts'
import { grantedApi, whyEnded } from './person-grant.ts'

/** §2.2; the members after `cnf` are Latchkey's own, named as in its tokens. */
export interface Introspection {
  active: boolean
  scope?: string | undefined
  client_id?: string | undefined
  token_type?: string | undefined
  /** Unix seconds. */
  exp?: number | undefined
  iat?: number
  sub?: string
  aud?: string
  iss?: string
  jti?: string
  cnf?: { jkt: string } | undefined
  org_id?: string | undefined
  tier?: Tier | undefined
  env?: string
  kind?: string
}

/** As `makeSecret` makes them: what another system has made may begin alike. */
const refreshTokenForm = /^rt_[\w-]{43}$/

/** The one answer about everything that is not good, or not the caller's to know. */
const inactive: Introspection = { active: false }

/** Answers one introspection request. Throws OAuthError. */
export const introspect = async (deps: OAuthDeps, request: FormRequest): Promise<Introspection> => {
  // token_type_hint is but a hint (§2.1): the form of a token says more
  const parameters = parseForm(request.body).once(['token', 'token_type_hint', 'ip', ...clientParameters])
  const caller = await introspectionCaller(deps, request, parameters)
  const token = parameters.get('token')
  if (token === undefined) throw new OAuthError('invalid_request', 'Send the token')
  if (refreshTokenForm.test(token))
    return caller.clientId === undefined ? inactive : ofRefreshToken(deps, token, caller.clientId)
  const address = parameters.get('ip')
  const ip = address === undefined ? undefined : plainAddress(address)
  if (address !== undefined && ip === undefined)
    throw new OAuthError('invalid_request', 'The ip must be an IPv4 or IPv6 address')
  for (const api of candidates(deps.config, token, caller, request.hostApi)) {
    const decision = await deps.verifier.judge(api, {
      credential: token,
      caller: { ip },
      dryRun: true,
      introspected: true,
    })
    const principal = goodFor(decision)
    if (principal) return ofPrincipal(deps.config, api, principal)
  }
  return inactive
}

/**
 * The APIs at which the token may be good, as far as the caller may know of it: its own audience, else all that the caller serves, the
 * host's first. That the token says so is enough: unless it is genuine, it is good at none.
 */
const candidates = (
  config: Config,
  token: string,
  { serves, clientId }: IntrospectionCaller,
  hostApi: Api | undefined,
): readonly Api[] => {
  const claims = peekClaims(token)
  const api = claims && claimedApi(config, claims)
  if (api) return serves.includes(api) || (clientId !== undefined && claims.client_id === clientId) ? [api] : []
  return hostApi && serves.includes(hostApi) ? [hostApi, ...serves.filter((other) => other !== hostApi)] : serves
}

/** A token that must yet be told which organization a request is for is good. */
const goodFor = (decision: Decision): Principal | undefined =>
  decision.valid || decision.code === 'invalid_request' ? decision.principal : undefined

const seconds = (milliseconds: number): number => Math.floor(milliseconds / 1000)

const ofPrincipal = ({ issuer }: Config, { audience, profile }: Api, principal: Principal): Introspection => {
  const { thumbprint, expiresAt } = principal
  const inHeaderOfItsOwn = profile.presentation.header !== undefined && !profile.presentation.bearer
  return {
    active: true,
    scope: principal.scopes.join(' ') || undefined,
    client_id: principal.clientId,
    token_type: thumbprint !== undefined ? 'DPoP' : inHeaderOfItsOwn ? undefined : 'Bearer',
    exp: expiresAt === undefined ? undefined : seconds(expiresAt),
    iat: seconds(principal.issuedAt),
    sub: principal.subject,
    aud: audience,
    iss: issuer,
    jti: principal.id,
    cnf: thumbprint === undefined ? undefined : { jkt: thumbprint },
    org_id: principal.organizationId,
    tier: principal.tier,
    env: principal.environment,
    kind: principal.kind,
  }
}

/** A refresh token is known to its client alone. */
const ofRefreshToken = async (
  { config, store, now }: OAuthDeps,
  token: string,
  clientId: string,
): Promise<Introspection> => {
  const row = await store.db
    .selectFrom('refresh_tokens as token')
    .innerJoin('grants as grant', 'grant.id', 'token.grant_id')
    .innerJoin('clients as client', 'client.id', 'grant.client_id')
    .select(['token.created_at', 'token.expires_at', 'client.environment'])
    .select(['grant.id', 'grant.user_id', 'grant.organization_id', 'grant.api', 'grant.scopes', 'grant.jkt'])
    .where('token.hash', '=', hashOf(token))
    .where('token.rotated_at', 'is', null)
    .where('token.expires_at', '>', now())
    .where('client.id', '=', clientId)
    .executeTakeFirst()
  const api = row && grantedApi(config, row.api)
  if (!api || whyEnded(await store.lookups.grantById(row.id), now()) !== undefined) return inactive
  return {
    active: true,
    scope: row.scopes || undefined,
    client_id: clientId,
    exp: seconds(row.expires_at),
    iat: seconds(row.created_at),
    sub: row.user_id,
    aud: api.audience,
    iss: config.issuer,
    cnf: row.jkt === null ? undefined : { jkt: row.jkt },
    org_id: row.organization_id ?? undefined,
    env: row.environment,
    kind: 'refresh_token',
  }
}
