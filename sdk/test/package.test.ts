// The packed package: compiled, installed from its file into an empty project, type-checked there, and run on the oldest Node that it is for.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { temporaryFolder } from '../../test/temporary-folder.ts'
import { listening } from './latchkey.ts'

const sdk = fileURLToPath(new URL('..', import.meta.url))
const root = fileURLToPath(new URL('../..', import.meta.url))
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')

const run = async (folder: string, file: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<string> => {
  const { stdout } = await promisify(execFile)(file, args, {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, npm_config_update_notifier: 'false', ...env },
  })
  return stdout
}

/** Runtimes of this machine other than the one that the tests run on. */
const otherRuntimes = (): string[] => {
  const places = (process.env.PATH ?? '').split(delimiter).filter((entry) => !entry.includes('node_modules'))
  return ['node', 'bun'].flatMap((name) => places.map((place) => join(place, name)).find(existsSync) ?? [])
}

const program = `
import { createServer } from 'node:http'
import { createVerifier } from '@latchkey/sdk'
import { protect } from '@latchkey/sdk/node'
import { protect as inExpress } from '@latchkey/sdk/express'
import { protect as inFastify } from '@latchkey/sdk/fastify'
import { protect as inHono } from '@latchkey/sdk/hono'
import { LatchkeyError, createManagementClient } from '@latchkey/sdk/management'

const { LATCHKEY: url, VERIFY_KEY: key, CREDENTIAL: credential, TOKEN: token, ISSUER: issuer, AUDIENCE: audience, ORGANIZATION: organization } = process.env
const told = {}
for (const mode of ['remote', 'cached']) {
  const verifier = createVerifier({ url, key, mode })
  told[mode] = (await verifier.verify(credential)).outcome
  for (const make of [inExpress, inFastify, inHono]) make(verifier)
  const server = createServer(protect(verifier, {}, ({ auth }, response) => response.end(auth.principal.kind)))
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = 'http://127.0.0.1:' + server.address().port
  const answer = await fetch(address, { headers: { authorization: 'Bearer ' + credential } })
  told[mode + ' guard'] = [answer.status, await answer.text(), answer.headers.get('x-ratelimit-limit'), (await fetch(address)).status].join(' ')
  server.close()
  server.closeAllConnections?.()
  verifier.close()
}
const local = createVerifier({ mode: 'local', url, issuer, audience })
told.jwt = (await local.verify(token)).outcome
told.cwt = (await local.verify(process.env.CWT)).outcome
const management = createManagementClient({ url, key: process.env.PERSONAL })
told.organization = (await management.getOrganization({ organization_id: organization })).id === organization
const names = []
for await (const { name } of management.each.listApiKeys({ organization_id: organization, limit: 1 })) names.push(name)
told.names = names.sort().join()
told.refused = await management.getUser({ user_id: organization }).catch((error) => error instanceof LatchkeyError && error.code)
console.log(JSON.stringify(told))
`

const typed = `
import express from 'express'
import { createVerifier, type Verdict } from '@latchkey/sdk'
import { protect } from '@latchkey/sdk/express'
import { type AuthVariables, protect as protectHono } from '@latchkey/sdk/hono'
import { createManagementClient } from '@latchkey/sdk/management'
import { Hono } from 'hono'

const verifier = createVerifier({ url: 'https://auth.example.com', key: 'k', mode: 'cached' })
const app = express()
app.use(protect(verifier))
app.get('/orgs/:org', protect(verifier, { organization: ({ params }) => String(params.org), scopes: ['read'] }), (request, response) => {
  const { auth } = request
  const id: string | undefined = auth?.unverified === false ? auth.principal.organizationId : undefined
  response.json({ id })
})
const hono = new Hono<AuthVariables>()
hono.use(protectHono(verifier))
hono.get('/', (context) => context.text(context.get('auth').principal?.subject ?? 'nobody'))
export const codeOf = (verdict: Verdict): string => {
  switch (verdict.outcome) {
    case 'valid': return verdict.principal.kind
    case 'denied': return verdict.code
    case 'unavailable': return verdict.reason
  }
}
const management = createManagementClient({ url: 'https://auth.example.com', key: 'k' })
export const made = async (organization_id: string): Promise<string> => {
  // @ts-expect-error an organization is needed
  management.listApiKeys({})
  // @ts-expect-error a name is needed
  management.createApiKey({ organization_id, body: {} })
  return (await management.createApiKey({ organization_id, body: { name: 'Key' } })).key
}
`

test('packs, installs, type-checks, and runs on every runtime that is found here', { timeout: 180_000 }, async (t) => {
  const folder = temporaryFolder(t)
  await run(sdk, 'npm', ['pack', '--pack-destination', folder])
  const [packed = ''] = readdirSync(folder)
  const { version } = JSON.parse(readFileSync(join(sdk, 'package.json'), 'utf8')) as { version: string }
  assert.equal(packed, `latchkey-sdk-${version}.tgz`)
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'shop', private: true, type: 'module' }))
  // it depends on nothing: what its guards are for is the application's own, and nothing is asked of a registry
  await run(folder, 'npm', ['install', `./${packed}`, '--legacy-peer-deps', '--offline', '--no-audit', '--no-fund'])
  const installed = join(folder, 'node_modules', '@latchkey', 'sdk')
  assert.deepEqual(readdirSync(installed).toSorted(), ['README.md', 'dist', 'package.json'])
  assert.deepEqual(readdirSync(join(folder, 'node_modules')).toSorted(), ['.package-lock.json', '@latchkey'])

  writeFileSync(join(folder, 'typed.ts'), typed)
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        module: 'nodenext',
        target: 'es2022',
        strict: true,
        noEmit: true,
        types: ['node'],
        typeRoots: [join(root, 'node_modules', '@types')],
        paths: {
          express: [join(root, 'node_modules/@types/express')],
          hono: [join(root, 'node_modules/hono/dist/types/index.d.ts')],
        },
        skipLibCheck: true,
      },
      files: ['typed.ts'],
    }),
  )
  await run(folder, process.execPath, [tsc, '-p', folder]).catch((error: { stdout: string }) =>
    assert.fail(error.stdout),
  )

  const limits = [{ name: 'window', per: 'credential' as const, limit: 50, period: 60 }]
  const latchkey = await listening(t, { file: { apis: { shop: { limits } } } })
  const { url, config, acme, verifyKey, ask } = latchkey
  const { key } = await acme.key({ name: 'Shop' })
  const { token: personal } = await acme.token()
  const form = async (fields: Record<string, string>) =>
    (await ask('POST', '/oauth/token', { form: fields })).json<{ access_token: string }>().access_token
  const { client_id, client_secret } = await acme.client()
  const env = {
    LATCHKEY: url,
    VERIFY_KEY: verifyKey.key,
    CREDENTIAL: key,
    PERSONAL: personal,
    TOKEN: await form({ grant_type: 'client_credentials', client_id, client_secret }),
    CWT: await form({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: key,
      subject_token_type: 'urn:latchkey:params:oauth:token-type:api-key',
      requested_token_type: 'urn:latchkey:params:oauth:token-type:cwt',
    }),
    ISSUER: config.issuer,
    AUDIENCE: config.apis.get('shop')?.audience,
    ORGANIZATION: acme.organization,
  }
  writeFileSync(join(folder, 'program.mjs'), program)
  for (const runtime of [process.execPath, ...otherRuntimes()]) {
    const told = JSON.parse(await run(folder, runtime, ['program.mjs'], env)) as unknown
    assert.deepEqual(
      told,
      {
        remote: 'valid',
        'remote guard': '200 api_key 50 401',
        cached: 'valid',
        'cached guard': '200 api_key 50 401',
        jwt: 'valid',
        cwt: 'valid',
        organization: true,
        names: 'Key,Shop',
        refused: 'forbidden',
      },
      runtime,
    )
  }
})
