// Standard Webhooks 1.0.0, "Signature scheme": HMAC-SHA256 over id, time of the attempt and body, by a secret that both sides know.
import { createHmac, randomBytes } from 'node:crypto'

const prefix = 'whsec_'

/** 256 random bits in the form that receivers' libraries take. */
export const makeWebhookSecret = (): string => prefix + randomBytes(32).toString('base64')

/** What the secret is sealed for. */
export const secretContext = (webhookId: string): string => `webhook ${webhookId}`

/** The headers of one attempt; with several secrets as many signatures, any of which may be checked. `at`: Unix milliseconds. */
export const signedHeaders = (
  secrets: readonly string[],
  messageId: string,
  at: number,
  body: string,
): Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string> => {
  const timestamp = String(Math.floor(at / 1000))
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.slice(prefix.length), 'base64')
    return `v1,${createHmac('sha256', key).update(`${messageId}.${timestamp}.${body}`).digest('base64')}`
  })
  return { 'webhook-id': messageId, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') }
}
