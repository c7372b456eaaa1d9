// What must be read back is AES-256-GCM ciphertext; what must only be recognised is an HMAC. Both keys come from LATCHKEY_SECRET by HKDF (RFC 5869).
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto'

export class SecretBox {
  readonly #encryption: KeyObject
  readonly #hmac: KeyObject

  /** `secret`: at least 32 characters of any text. */
  constructor(secret: string) {
    const derive = (purpose: string): KeyObject =>
      createSecretKey(Buffer.from(hkdfSync('sha256', secret, 'latchkey', purpose, 32)))
    this.#encryption = derive('encryption')
    this.#hmac = createSecretKey(secret, 'utf8')
  }

  /** Encrypts; `context` names the row and must be given again to open, so that ciphertexts cannot be swapped. */
  seal(plaintext: Uint8Array, context: string): string {
    const nonce = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', this.#encryption, nonce).setAAD(Buffer.from(context))
    const body = Buffer.concat([cipher.update(plaintext), cipher.final()])
    return `v1.${Buffer.concat([nonce, body, cipher.getAuthTag()]).toString('base64url')}`
  }

  /** Decrypts what `seal` made. Throws on another secret, another context or a changed text. */
  open(sealed: string, context: string): Buffer {
    const bytes = Buffer.from(sealed.startsWith('v1.') ? sealed.slice(3) : '', 'base64url')
    if (bytes.length < 28) throw new Error(`Sealed value of ${context} is damaged.`)
    const decipher = createDecipheriv('aes-256-gcm', this.#encryption, bytes.subarray(0, 12)).setAAD(
      Buffer.from(context),
    )
    decipher.setAuthTag(bytes.subarray(-16))
    return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()])
  }

  /** Hex HMAC-SHA-256(LATCHKEY_SECRET, data). */
  hmac(data: string | Uint8Array): string {
    return createHmac('sha256', this.#hmac).update(data).digest('hex')
  }
}
