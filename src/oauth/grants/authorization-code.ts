// RFC 6749 §4.1.3, RFC 7636 §4.6: a code for tokens, once. A second time ends what the first gave (RFC 9700 §4.5).
import { timingSafeEqual } from 'node:crypto'
import { hashOf } from '../../credentials/format.ts'
import { grantTypes } from '../../clients/settings.ts'
import type { Schema } from '../../store/schema.ts'
import type { ClientRecord } from '../../store/store.ts'
import { delegated, invalidGrant } from '../delegated.ts'
import { OAuthError } from '../errors.ts'
import type { Grant, GrantRequest, OAuthDeps } from '../grant.ts'
import { type PersonGrant, revokeGrant } from '../person-grant.ts'
import { beginRefreshing } from '../refresh-tokens.ts'
import { s256 } from '../pkce.ts'

type Code = Schema['codes']

const maxCodeLength = 100
const verifierForm = /^[A-Za-z0-9._~-]{43,128}$/ // RFC 7636 §4.1

/** A code without PKCE is told from one with it: neither may be redeemed as the other (RFC 9700 §2.1.1). */
const requireVerifier = ({ code_challenge: challenge }: Code, verifier: string | undefined): void => {
  if (challenge === null) {
    if (verifier !== undefined) throw invalidGrant('a code_verifier came for a code without a code_challenge')
    return
  }
  if (verifier === undefined) throw invalidGrant('the code_verifier is missing')
  if (!verifierForm.test(verifier)) throw invalidGrant('the code_verifier is malformed')
  if (!timingSafeEqual(Buffer.from(s256(verifier)), Buffer.from(challenge)))
    throw invalidGrant('the code_verifier is not that of the code_challenge')
}

/** With PKCE it may be left out (OAuth 2.1 §10.2); what is sent must be the one that the code was sent to. */
const requireRedirectUri = (
  { redirect_uri: named, code_challenge: challenge }: Code,
  { redirectUris }: ClientRecord,
  given: string | undefined,
): void => {
  const expected = named ?? redirectUris[0]
  if (given === undefined ? named !== null && challenge === null : given !== expected)
    throw invalidGrant('the redirect_uri is not the one of the authorization request')
}

/** The code and its grant. Throws `invalid_grant`. */
const findCode = async ({ store }: OAuthDeps, client: ClientRecord, value: string) => {
  if (value.length > maxCodeLength) throw invalidGrant('the code is too long')
  const hash = hashOf(value)
  const code = await store.db.selectFrom('codes').selectAll().where('hash', '=', hash).executeTakeFirst()
  if (!code) throw invalidGrant('there is no such code')
  const grant = await store.db
    .selectFrom('grants')
    .selectAll()
    .where('id', '=', code.grant_id)
    .where('client_id', '=', client.id)
    .executeTakeFirst()
  if (!grant) throw invalidGrant('the code was given to another client')
  return { code, grant }
}

/** A code that comes again takes down what it gave: asked last, so that who has found a code and could not have redeemed it ends nothing. */
const requireUnused = async ({ store, now }: OAuthDeps, code: Code, grant: PersonGrant): Promise<void> => {
  if (code.redeemed_at !== null) {
    await store.transaction((trx) => revokeGrant(trx, grant, 'its code was used twice', now()))
    throw invalidGrant('the code was redeemed before')
  }
  if (code.expires_at <= now()) throw invalidGrant('the code has expired')
}

export const authorizationCode: Grant = {
  grantType: grantTypes.authorizationCode,
  needsClient: true,
  parameters: ['code', 'redirect_uri', 'code_verifier'],
  takesAudience: false,
  async handle(deps: OAuthDeps, { client: caller, parameters, thumbprint }: GrantRequest) {
    const client = caller as ClientRecord // needsClient
    const value = parameters.get('code')
    if (value === undefined) throw new OAuthError('invalid_request', 'Send the code')
    const { code, grant } = await findCode(deps, client, value)
    requireRedirectUri(code, client, parameters.get('redirect_uri'))
    requireVerifier(code, parameters.get('code_verifier'))
    if (code.jkt !== null && code.jkt !== thumbprint) throw invalidGrant('the proof is not by the key of dpop_jkt')
    await requireUnused(deps, code, grant)
    return delegated(deps, {
      client,
      grant,
      nonce: code.nonce ?? undefined,
      async consume(trx, binding) {
        const now = deps.now()
        const { numUpdatedRows } = await trx
          .updateTable('codes')
          .set({ redeemed_at: now })
          .where('hash', '=', code.hash)
          .where('redeemed_at', 'is', null)
          .executeTakeFirstOrThrow()
        if (numUpdatedRows === 0n) {
          await revokeGrant(trx, grant, 'its code was used twice', now)
          return 'used'
        }
        const { refreshIdleMs } = deps.config.oauth
        return { refreshToken: await beginRefreshing(trx, client, grant, binding, refreshIdleMs, now) }
      },
    })
  },
}
