// Mail: the server from the environment, because its URL holds a password; the sender from the file.
import { isThisMachine } from './base-url.ts'
import type { Mistakes } from './config.ts'
import type { LatchkeyConfig } from './file.ts'

export interface SmtpServer {
  host: string
  port: number
  /** TLS from the first byte; else STARTTLS, without which nothing is sent but to this machine itself (RFC 8314 §3.3). */
  secure: boolean
  auth: { user: string; pass: string } | undefined
}

export interface MailConfig {
  from: { name: string; address: string }
  /** undefined: there is none. */
  smtp: SmtpServer | undefined
  /** Without a mail server, on a deployment of this machine alone: messages are shown in the log and at /dev/mailbox. */
  development: boolean
}

const address = /^[^\s<>@"(),;:\\[\]]{1,64}@[^\s<>@"(),;:\\[\]]{1,190}$/
const named = /^([^<>"\p{Cc}]{1,100}?)\s*<([^<>]+)>$/u

const readFrom = (mistakes: Mistakes, text: string): MailConfig['from'] => {
  const [, name = '', inner] = named.exec(text.trim()) ?? []
  const from = { name, address: inner ?? text.trim() }
  if (!address.test(from.address))
    mistakes.add('mail.from', `"${text.slice(0, 60)}" is not an address such as "Latchkey <latchkey@example.com>"`)
  return from
}

const readServer = (mistakes: Mistakes, text: string): SmtpServer | undefined => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const bare = url && /^\/?$/.test(url.pathname) && !url.search && !url.hash && url.hostname !== ''
  if (!bare || !['smtp:', 'smtps:'].includes(url.protocol)) {
    // not shown: what stands in it may be a password
    mistakes.add('LATCHKEY_SMTP_URL', 'is not a URL such as smtps://user:password@mail.example.com:465 or smtp://…:587')
    return undefined
  }
  const secure = url.protocol === 'smtps:'
  const { username, password } = url
  let auth: SmtpServer['auth']
  try {
    if (username !== '') auth = { user: decodeURIComponent(username), pass: decodeURIComponent(password) }
  } catch {
    mistakes.add('LATCHKEY_SMTP_URL', 'has a user or a password that is not percent-encoded as URLs are')
  }
  const host = decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, '$1')
  return { host, port: url.port === '' ? (secure ? 465 : 587) : Number(url.port), secure, auth }
}

export const resolveMail = (
  env: NodeJS.ProcessEnv,
  file: LatchkeyConfig,
  issuer: string,
  mistakes: Mistakes,
): MailConfig => {
  const { hostname } = new URL(issuer)
  const smtp = env.LATCHKEY_SMTP_URL ? readServer(mistakes, env.LATCHKEY_SMTP_URL) : undefined
  const given = file.mail?.from
  if (env.LATCHKEY_SMTP_URL && given === undefined)
    mistakes.add('mail.from', 'is missing: LATCHKEY_SMTP_URL is set, and messages need a sender that its server takes')
  return {
    from: given === undefined ? { name: 'Latchkey', address: `latchkey@${hostname}` } : readFrom(mistakes, given),
    smtp,
    development: !env.LATCHKEY_SMTP_URL && isThisMachine(hostname),
  }
}
