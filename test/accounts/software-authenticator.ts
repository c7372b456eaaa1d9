// An authenticator in a few lines (WebAuthn Level 3 §6): makes a passkey and signs with it, rightly or as a test wants it.
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { encode } from 'cborg'

export interface Signing {
  origin?: string
  rpId?: string
  type?: string
  /** Whether its person was verified. */
  verified?: boolean
  /** Whether somebody touched it. */
  present?: boolean
  count?: number
  userHandle?: string | undefined
  backedUp?: boolean
  crossOrigin?: boolean
}

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')
const sha256 = (data: string | Uint8Array): Buffer => createHash('sha256').update(data).digest()

const usual = { origin: 'http://localhost:8000', rpId: 'localhost', verified: true, present: true, backedUp: false }

export const softwareAuthenticator = () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const id = randomBytes(32)
  let count = 0

  const authenticatorData = (options: Signing, attested: Buffer = Buffer.alloc(0)): Buffer => {
    const { rpId, verified, present, backedUp } = { ...usual, ...options }
    count += 1
    const flags =
      (present ? 0x01 : 0) | (verified ? 0x04 : 0) | (backedUp ? 0x18 : 0) | (attested.length > 0 ? 0x40 : 0)
    const counter = Buffer.alloc(4)
    counter.writeUInt32BE(options.count ?? count)
    return Buffer.concat([sha256(rpId), Buffer.from([flags]), counter, attested])
  }

  const clientData = (type: string, challenge: string, { origin = usual.origin, crossOrigin = false }: Signing) =>
    Buffer.from(
      JSON.stringify({
        type,
        challenge,
        origin,
        crossOrigin,
        ...(crossOrigin && { topOrigin: 'https://evil.example' }),
      }),
    )

  return {
    id: base64url(id),
    /** What `navigator.credentials.create` answers. */
    create(options: { challenge: string }, more: Signing = {}) {
      const { x, y } = publicKey.export({ format: 'jwk' })
      const key = encode(
        new Map<number, unknown>([
          [1, 2],
          [3, -7],
          [-1, 1],
          [-2, Buffer.from(x ?? '', 'base64url')],
          [-3, Buffer.from(y ?? '', 'base64url')],
        ]),
      )
      const length = Buffer.alloc(2)
      length.writeUInt16BE(id.length)
      const attested = Buffer.concat([Buffer.alloc(16), length, id, key])
      const authData = authenticatorData(more, attested)
      return {
        id: base64url(id),
        rawId: base64url(id),
        type: 'public-key',
        response: {
          clientDataJSON: base64url(clientData(more.type ?? 'webauthn.create', options.challenge, more)),
          attestationObject: base64url(encode({ fmt: 'none', attStmt: {}, authData })),
          transports: ['internal'],
        },
        clientExtensionResults: {},
      }
    },
    /** What `navigator.credentials.get` answers. */
    get(challenge: string, more: Signing = {}) {
      const data = clientData(more.type ?? 'webauthn.get', challenge, more)
      const authData = authenticatorData(more)
      return {
        id: base64url(id),
        rawId: base64url(id),
        type: 'public-key',
        response: {
          clientDataJSON: base64url(data),
          authenticatorData: base64url(authData),
          signature: base64url(sign('sha256', Buffer.concat([authData, sha256(data)]), privateKey)),
          ...(more.userHandle !== undefined && { userHandle: Buffer.from(more.userHandle).toString('base64url') }),
        },
        clientExtensionResults: {},
      }
    },
  }
}

export type SoftwareAuthenticator = ReturnType<typeof softwareAuthenticator>
