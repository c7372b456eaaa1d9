// Signing keys, mint and reader over a store of their own, with a clock that tests move.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Api, buildConfig, type LatchkeyConfig } from '../../src/config/config.ts'
import { SecretBox } from '../../src/secret-box.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { Mint } from '../../src/tokens/mint.ts'
import { TokenReader } from '../../src/tokens/read-token.ts'
import { SigningKeys } from '../../src/tokens/signing-keys.ts'
import { StatusIndexes } from '../../src/tokens/status-indexes.ts'

const file: LatchkeyConfig = {
  apis: {
    plain: { audience: 'https://plain.example' },
    other: { audience: 'https://other.example' },
    edwards: { audience: 'https://edwards.example', token: { algorithm: 'EdDSA' } },
    rsa: { audience: 'https://rsa.example', token: { algorithm: 'RS256' } },
    secret: { audience: 'https://secret.example', profile: 'smoo' },
    'other-secret': { audience: 'https://other-secret.example', profile: 'smoo' },
  },
}

export const start = Date.UTC(2026, 0, 15, 12)

export const openTokens = async ({
  folder = mkdtempSync(join(tmpdir(), 'latchkey-tokens-')),
  secret = 's'.repeat(32),
  rotateAfterDays = 90,
} = {}) => {
  const store = await openSqlite(folder)
  const config = buildConfig({}, { ...file, signingKeys: { rotateAfterDays } })
  const clock = { now: start }
  const now = (): number => clock.now
  const keys = new SigningKeys(store, new SecretBox(secret), config, now)
  const reader = new TokenReader(keys, config.issuer)
  const api = (name: string): Api => {
    const found = config.apis.get(name)
    if (!found) throw new Error(`There is no API ${name}.`)
    return found
  }
  return {
    folder,
    store,
    config,
    clock,
    keys,
    reader,
    mint: new Mint(keys, new StatusIndexes(store, config.issuer, now), config.issuer, now),
    api,
    read: (token: string, name: string) => reader.read(token, api(name), clock.now),
    close: async () => {
      await store.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export const facts = {
  subject: '0197a000-0000-7000-8000-00000000000c',
  clientId: '0197a000-0000-7000-8000-00000000000c',
  scopes: ['read', 'write'],
  environment: 'live',
}

export const keyFacts = {
  keyId: '0197a000-0000-7000-8000-00000000000a',
  subject: '0197a000-0000-7000-8000-00000000000a',
  organizationId: '0197a000-0000-7000-8000-00000000000b',
  tier: 'pro' as const,
  environment: 'test',
  lifetimeSeconds: 300,
}

export const base64url = (value: string | Uint8Array): string => Buffer.from(value as string).toString('base64url')
