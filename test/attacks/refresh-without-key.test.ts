// RFC 9449 §5: a refresh token that a public client is given on a proof is of no use without the key, also where the client began without one.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { prover, withNonce } from '../dpop.ts'
import { launch, seeds, world } from '../harness.ts'
import { allowed } from '../oauth/allowed.ts'
import type { TokenAnswer } from '../oauth/flow.ts'

test('a refresh token that was given on a proof cannot be used without it, or by another key', async (t) => {
  const launched = await launch(t, { file: seeds })
  const acme = await world(launched)
  const { client_id } = await acme.client({ public: true, redirect_uris: ['https://app.example.com/callback'] })
  const [mine, another] = [await prover(), await prover()]
  const refresh = async (refresh_token = '', dpop?: string) => {
    const form = { grant_type: 'refresh_token', client_id, refresh_token }
    const answer = await launched.ask('POST', '/oauth/token', { form, headers: dpop === undefined ? {} : { dpop } })
    return {
      status: answer.statusCode,
      headers: answer.headers as Record<string, unknown>,
      ...answer.json<TokenAnswer>(),
    }
  }
  const proven = (by: typeof mine, refreshToken?: string) =>
    withNonce(by, { url: `${launched.config.issuer}/oauth/token` }, (proof) => refresh(refreshToken, proof))

  const first = await allowed(launched, { client: { client_id }, userId: acme.owner, scope: 'read', api: 'example' })
  const second = await refresh(first.refresh_token)
  assert.notEqual(second.token_type, 'DPoP', 'begun without a key, it may go on without one')
  const third = await proven(mine, second.refresh_token)
  assert.equal(third.token_type, 'DPoP')
  for (const stolen of [await refresh(third.refresh_token), await proven(another, third.refresh_token)])
    assert.deepEqual([stolen.status, stolen.error], [400, 'invalid_grant'])
  assert.equal((await proven(mine, third.refresh_token)).status, 200, 'and whoever tries ends nothing')
})
