// One attempt: the signed message to the webhook's address, which is looked up and checked anew each time.
import type { SecretBox } from '../secret-box.ts'
import { type Resolve, Unfit, addressOf, fetchMistake } from '../clients/strangers-address.ts'
import { askStranger } from '../clients/strangers-request.ts'
import { secretContext, signedHeaders } from './signature.ts'
import type { DeliveryRow } from './deliveries.ts'
import type { WebhookRow } from './webhook.ts'

/** Connecting, sending and the answer's head (Standard Webhooks 1.0.0, "Request timeouts"). */
export const wholeMs = 15_000

export interface Outcome {
  status: number | null
  /** null: it was taken. */
  failure: string | null
  /** What Retry-After asks for, milliseconds. */
  wishMs: number | undefined
}

const wishOf = (text: string | undefined, now: number): number | undefined => {
  if (text === undefined) return undefined
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000
  const at = Date.parse(text)
  return Number.isNaN(at) ? undefined : Math.max(0, at - now)
}

const failureOf = (error: unknown, late: AbortSignal): string => {
  if (late.aborted) return `there was no answer within ${wholeMs / 1000} s`
  if (error instanceof Unfit) return error.message
  return `it cannot be reached (${(error as NodeJS.ErrnoException).code ?? 'no reason known'})`
}

/** Only a 2xx is yes; of the answer nothing but its head is read. Never throws over what the receiver does. `stop`: gives up at once. */
export const send = async (
  { issuer, box, resolve }: { issuer: string; box: SecretBox; resolve: Resolve },
  webhook: WebhookRow,
  { message_id, body }: Pick<DeliveryRow, 'message_id' | 'body'>,
  now: number,
  stop: AbortSignal,
): Promise<Outcome> => {
  const late = AbortSignal.timeout(wholeMs)
  const deadline = AbortSignal.any([stop, late])
  const sealed = [
    webhook.sealed,
    ...(webhook.former_sealed !== null && (webhook.former_until ?? 0) > now ? [webhook.former_sealed] : []),
  ]
  const secrets = sealed.map((text) => box.open(text, secretContext(webhook.id)).toString())
  try {
    const mistake = fetchMistake(issuer, webhook.url)
    if (mistake !== undefined) throw new Unfit(`its url ${mistake}`)
    const url = new URL(webhook.url)
    const address = await addressOf(url.hostname, resolve, deadline)
    const headers = { 'content-type': 'application/json', ...signedHeaders(secrets, message_id, now, body) }
    return await askStranger(url, address, { method: 'POST', headers, body }, deadline, async (response) => {
      const { statusCode = 0, headers: answered } = response
      const taken = statusCode >= 200 && statusCode < 300
      return {
        status: statusCode,
        failure: taken ? null : `the answer was ${statusCode}`,
        wishMs: wishOf(answered['retry-after'], now),
      }
    })
  } catch (error) {
    return { status: null, failure: failureOf(error, late), wishMs: undefined }
  }
}
