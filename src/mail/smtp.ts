// RFC 5321, RFC 8314: hands one message to the mail server.
import { isThisMachine } from '../config/base-url.ts'
import type { MailConfig, SmtpServer } from '../config/mail.ts'
import type { Mail } from './mailer.ts'

const connectMs = 10_000
const idleMs = 30_000

/** `id` is the same at every attempt, so that a message that comes twice can be known for one. */
export type Deliver = (mail: Mail & { id: string }, signal: AbortSignal) => Promise<void>

/** What a delivery failed by, without what the server said of whom. */
export interface DeliveryFault {
  code: string | undefined
  command: string | undefined
  status: number | undefined
  /** There is no such mailbox: trying again does not help (RFC 5321 §4.2.1). */
  final: boolean
}

export const faultOf = (error: unknown): DeliveryFault => {
  const { code, command, responseCode } = error as { code?: string; command?: string; responseCode?: number }
  return {
    code,
    command,
    status: responseCode,
    final: command === 'RCPT TO' && responseCode !== undefined && responseCode >= 500,
  }
}

const transportTo = async ({ host, port, secure, auth }: SmtpServer) => {
  // loaded when it is first needed: most processes, of the command line above all, send nothing
  const { createTransport } = await import('nodemailer')
  const stays = isThisMachine(host)
  return createTransport({
    host,
    port,
    secure,
    requireTLS: !secure && !stays,
    ignoreTLS: !secure && stays,
    ...(auth && { auth }),
    connectionTimeout: connectMs,
    greetingTimeout: connectMs,
    socketTimeout: idleMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
}

/** Connects, and signs in where there is a user. Throws where that does not work. */
export const tryServer = async (server: SmtpServer): Promise<void> => {
  await (await transportTo(server)).verify()
}

export const smtpDelivery = (server: SmtpServer, from: MailConfig['from'], issuer: string): Deliver => {
  const { hostname } = new URL(issuer)
  let transport: ReturnType<typeof transportTo> | undefined
  return async ({ id, to, subject, text }, signal) => {
    await (
      await (transport ??= transportTo(server))
    ).sendMail({
      from,
      // as an object: nothing in it is read as a list of addresses
      to: { name: '', address: to },
      subject,
      text,
      messageId: `<${id}@${hostname}>`,
      // RFC 3834 §5: nobody's absence note answers
      headers: { 'Auto-Submitted': 'auto-generated' },
      signal,
    })
  }
}
