// A real SMTP server on this machine, which keeps what it is sent.
import type { AddressInfo } from 'node:net'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'

interface Received {
  from: string
  to: string[]
  /** Headers and text as they came. */
  raw: string
  /** Header fields by lower-case name, unfolded. */
  headers: Map<string, string[]>
  text: string
  secure: boolean
  user: string | undefined
}

export interface Mailbox {
  port: number
  received: Received[]
  /** How many clients have connected. */
  connections: () => number
  close: () => Promise<void>
}

const read = (raw: string): Pick<Received, 'headers' | 'text'> => {
  const [head = '', ...rest] = raw.split('\r\n\r\n')
  const headers = new Map<string, string[]>()
  for (const line of head.replace(/\r\n[ \t]/g, ' ').split('\r\n')) {
    const [, name = '', value = ''] = /^([^:]+):\s*(.*)$/.exec(line) ?? []
    headers.set(name.toLowerCase(), [...(headers.get(name.toLowerCase()) ?? []), value])
  }
  const encoded = rest.join('\r\n\r\n')
  const quoted = headers.get('content-transfer-encoding')?.[0] === 'quoted-printable'
  const text = quoted
    ? Buffer.from(
        encoded
          .replace(/=\r\n/g, '')
          .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16))),
        'latin1',
      ).toString()
    : encoded
  return { headers, text: text.replaceAll('\r\n', '\n').trimEnd() }
}

/** `refuse`: what the server says of a recipient, an SMTP status; undefined: it takes it. */
export const smtpServer = async ({
  refuse = () => undefined,
  host = '127.0.0.1',
  ...options
}: SMTPServerOptions & { refuse?: (to: string) => number | undefined; host?: string } = {}): Promise<Mailbox> => {
  const received: Received[] = []
  let connections = 0
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: options.cert === undefined ? ['STARTTLS'] : [],
    disableReverseLookup: true,
    logger: false,
    onConnect: (_session, done) => {
      connections += 1
      done()
    },
    onRcptTo: ({ address }, _session, done) => {
      const responseCode = refuse(address)
      done(responseCode === undefined ? null : Object.assign(new Error('not taken'), { responseCode }))
    },
    onData: (stream, { envelope, secure, user }, done) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const raw = Buffer.concat(chunks).toString()
        received.push({
          from: envelope.mailFrom ? envelope.mailFrom.address : '',
          to: envelope.rcptTo.map(({ address }) => address),
          raw,
          ...read(raw),
          secure,
          user: user as string | undefined,
        })
        done()
      })
    },
    ...options,
  })
  server.on('error', () => {}) // of a client that breaks off
  await new Promise<void>((resolve) => {
    server.listen(0, host, resolve)
  })
  return {
    port: (server.server.address() as AddressInfo).port,
    received,
    connections: () => connections,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
