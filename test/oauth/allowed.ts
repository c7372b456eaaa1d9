// What a person has allowed a client, as the consent page would have written it, and the tokens that come of it.
import { randomBytes } from 'node:crypto'
import { actorWith } from '../../src/accounts/actor.ts'
import { hashOf } from '../../src/credentials/format.ts'
import { createGrant, grantedApi } from '../../src/oauth/person-grant.ts'
import { s256 } from '../../src/oauth/pkce.ts'
import type { Launched } from '../harness.ts'

export interface AllowedOptions {
  client: { client_id: string; client_secret?: string }
  userId: string
  scope: string
  /** Name of an API. */
  api: string
  organizationId?: string | undefined
  allOrganizations?: boolean
  nonce?: string
  /** Unix milliseconds. */
  authenticatedAt?: number
}

export interface AllowedTokens {
  access_token: string
  refresh_token?: string
  id_token?: string
  expires_in: number
}

/** The answer of the token endpoint to the code of a person's consent. */
export const allowed = async (
  { app, ask }: Launched,
  {
    client,
    userId,
    scope,
    api: name,
    organizationId,
    allOrganizations = false,
    nonce,
    authenticatedAt,
  }: AllowedOptions,
  now: number = Date.now(),
): Promise<AllowedTokens> => {
  const [code, verifier] = [randomBytes(32).toString('base64url'), randomBytes(32).toString('base64url')]
  const record = await app.store.lookups.clientById(client.client_id)
  const api = grantedApi(app.config, name)
  if (!record || !api) throw new Error(`There is no client ${client.client_id} or no API ${name}.`)
  await app.store.transaction(async (trx) => {
    const grant = await createGrant(
      trx,
      app.config,
      {
        client: record,
        api,
        userId,
        organizationId: organizationId ?? null,
        allOrganizations,
        scopes: scope.split(' '),
        authenticatedAt: authenticatedAt ?? now,
        methods: ['pwd'],
      },
      actorWith({ kind: 'local', id: 'test' }),
      now,
    )
    await trx
      .insertInto('codes')
      .values({
        hash: hashOf(code),
        grant_id: grant.id,
        redirect_uri: null,
        code_challenge: s256(verifier),
        nonce: nonce ?? null,
        jkt: null,
        created_at: now,
        expires_at: now + 60_000,
        redeemed_at: null,
      })
      .execute()
  })
  const { client_id, client_secret } = client
  const answer = await ask('POST', '/oauth/token', {
    form: {
      grant_type: 'authorization_code',
      code,
      code_verifier: verifier,
      client_id,
      ...(client_secret !== undefined && { client_secret }),
    },
  })
  if (answer.statusCode !== 200) throw new Error(answer.body)
  return answer.json<AllowedTokens>()
}
