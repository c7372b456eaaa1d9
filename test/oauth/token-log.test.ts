// What the token endpoint logs: who got which token at debug, why one was refused at info, and never a secret.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import { buildApp } from '../../src/app.ts'
import { buildConfig } from '../../src/config/config.ts'
import { temporaryFolder } from '../temporary-folder.ts'

test('the log of the token endpoint', async (t) => {
  const lines: string[] = []
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) })
  const config = buildConfig({ LATCHKEY_DATA: temporaryFolder(t) }, {})
  const app = await buildApp(config, { log, localOperator: true })
  t.after(() => app.close())
  const operate = async (path: string, payload: object) =>
    (
      await app.server.inject({
        method: 'POST',
        url: `/api/v1${path}`,
        headers: { host: 'localhost', ...app.operatorHeaders() },
        payload,
      })
    ).json<Record<string, string>>()
  const { id: owner } = await operate('/users', { email: 'person@example.com', name: 'Person' })
  const { id: organization } = await operate('/organizations', { name: 'Organization', owner })
  const { client_id, client_secret } = (await operate(`/organizations/${organization}/clients`, {
    name: 'Client',
  })) as { client_id: string; client_secret: string }
  const { key } = (await operate(`/organizations/${organization}/api-keys`, { name: 'Key', user_id: owner })) as {
    key: string
  }
  const ask = (form: Record<string, string>) =>
    app.server.inject({
      method: 'POST',
      url: '/oauth/token',
      headers: { host: 'localhost', 'content-type': 'application/x-www-form-urlencoded' },
      payload: new URLSearchParams(form).toString(),
    })
  const entry = (message: string) =>
    lines.map((line) => JSON.parse(line) as Record<string, unknown>).find(({ msg }) => msg === message)
  const exchange = {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token_type: 'urn:latchkey:params:oauth:token-type:api-key',
  }

  const issued = await ask({ grant_type: 'client_credentials', client_id, client_secret })
  assert.equal(issued.statusCode, 200)
  const { level, api, client_id: logged, token_id } = entry('token issued') ?? {}
  assert.deepEqual({ level, api, logged }, { level: 20, api: 'default', logged: client_id })
  assert.ok(token_id)

  assert.equal(
    (await ask({ grant_type: 'client_credentials', client_id, client_secret: 'cs_wrong-but-secret' })).statusCode,
    401,
  )
  const refused = entry('token refused') ?? {}
  assert.equal(refused.level, 30)
  assert.equal(refused.error, 'invalid_client')
  assert.equal(
    refused.reason,
    `client ${client_id} failed at client_secret_post: the secret is not its own, or has ended`,
  )

  const exchanged = await ask({ ...exchange, subject_token: key })
  assert.equal(exchanged.statusCode, 200)
  await ask({ ...exchange, subject_token: `${key}0` })
  await ask({ grant_type: 'client_credentials', client_id: 'cs_pasted-into-the-wrong-field', client_secret })
  const tokens = [issued, exchanged].map((answer) => answer.json<{ access_token: string }>().access_token)
  for (const secret of [client_secret, key, 'cs_wrong-but-secret', 'cs_pasted', ...tokens])
    assert.equal(lines.join('').includes(secret), false)
})
