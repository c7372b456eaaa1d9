// What people are written: plain text, what happened first, one link where there is something to do, and what it means if one did not ask.
import type { Mail } from '../mail/mailer.ts'
import type { Role } from '../store/schema.ts'

type Letter = Pick<Mail, 'subject' | 'text'>

const moment = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' })
const until = (at: number): string => `${moment.format(at)} UTC`

const hostOf = (issuer: string): string => new URL(issuer).host

const letter = (subject: string, ...paragraphs: string[]): Letter => ({ subject, text: `${paragraphs.join('\n\n')}\n` })

const ignore = 'If you do not expect this message, ignore it: nothing happens without you.'

const inRole: Record<Role, string> = { owner: 'an owner', admin: 'an admin', member: 'a member', viewer: 'a viewer' }

export const invitationLetter = (facts: {
  url: string
  issuer: string
  organization: string | undefined
  role: Role | null
  inviter: { name: string; email: string } | undefined
  expiresAt: number
}): Letter => {
  const { url, issuer, organization, role, inviter, expiresAt } = facts
  const host = hostOf(issuer)
  const what =
    organization === undefined ? `Latchkey at ${host}` : `${organization} at ${host} as ${inRole[role ?? 'member']}`
  const who = inviter === undefined ? 'You are invited' : `${inviter.name} (${inviter.email}) invites you`
  return letter(
    `Join ${organization ?? host}`,
    `${who} to join ${what}.`,
    `Open this link to accept. It works once, until ${until(expiresAt)}.`,
    url,
    ignore,
  )
}
