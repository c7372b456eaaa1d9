// GET /dev/mailbox: the messages of a deployment on this machine that has no mail server, for whoever sits at it and for nobody else.
import type { FastifyPluginAsync } from 'fastify'
import type { Config } from '../config/config.ts'
import { Refusal } from '../errors.ts'
import { type Html, html, layout, pageHeaders } from '../http/page.ts'
import { isFromThisMachine } from '../http/this-machine.ts'
import { formatTime } from '../rfc3339.ts'
import type { SecretBox } from '../secret-box.ts'
import type { Store } from '../store/store.ts'
import { type StoredMail, latestMail } from './mailbox.ts'

export interface MailboxDeps {
  config: Pick<Config, 'mail' | 'issuer'>
  store: Store
  box: SecretBox
}

/** The text with this deployment's own links made clickable; any other stays text. */
const linked = (text: string, issuer: string): Html[] =>
  text
    .split(/(\bhttps?:\/\/[^\s<>"]+)/)
    .map((part, index) =>
      index % 2 === 1 && part.startsWith(`${issuer}/`) ? html`<a href="${part}">${part}</a>` : html`${part}`,
    )

const mailboxPage = (messages: readonly StoredMail[], issuer: string): string =>
  layout(
    'Mailbox',
    messages.length === 0
      ? html`<p class="lead">No messages yet. What Latchkey would send by e-mail is shown here, because there is no mail server.</p>`
      : html`<p class="lead">What Latchkey would send by e-mail, newest first. There is no mail server, and only this machine can see it.</p>
          <ul class="cards">
            ${messages.map(
              ({ to, subject, text, at }) =>
                html`<li>
                  <h2>${subject}</h2>
                  <p class="hint">To ${to}, <time datetime="${formatTime(at)}">${formatTime(at)}</time></p>
                  <p class="letter">${linked(text, issuer)}</p>
                </li>`,
            )}
          </ul>`,
    'wide',
  )

export const mailboxPages =
  ({ config, store, box }: MailboxDeps): FastifyPluginAsync =>
  async (app) => {
    app.get('/dev/mailbox', { schema: { hide: true } }, async (request, reply) => {
      if (!config.mail.development || !isFromThisMachine(request.raw)) throw new Refusal('not_found')
      return reply.headers(pageHeaders()).send(mailboxPage(await latestMail(store, box), config.issuer))
    })
  }
