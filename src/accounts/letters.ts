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

export const signUpLetter = ({ url, issuer, expiresAt }: { url: string; issuer: string; expiresAt: number }): Letter =>
  letter(
    `Your account at ${hostOf(issuer)}`,
    `Somebody, we think you, wants to create an account at ${hostOf(issuer)} with this address.`,
    `Open this link to choose a name and a password. It works until ${until(expiresAt)}.`,
    url,
    ignore,
  )

/** To somebody who wants to sign up and has done so before. */
export const haveAccountLetter = ({ issuer }: { issuer: string }): Letter =>
  letter(
    `You have an account at ${hostOf(issuer)}`,
    `Somebody, we think you, wanted to create an account at ${hostOf(issuer)} with this address. There is one already: sign in with it. If you have forgotten its password, you can choose a new one there.`,
    `${issuer}/login`,
    ignore,
  )

export const resetLetter = ({ url, issuer, expiresAt }: { url: string; issuer: string; expiresAt: number }): Letter =>
  letter(
    `Choose a new password at ${hostOf(issuer)}`,
    `Somebody, we think you, has forgotten the password of your account at ${hostOf(issuer)}.`,
    `Open this link to choose a new one. It works once, until ${until(expiresAt)}.`,
    url,
    'If you did not ask for this, ignore the message: your password stays as it is.',
  )

export const passwordResetLetter = ({ issuer, at }: { issuer: string; at: number }): Letter =>
  letter(
    `Your password at ${hostOf(issuer)} was changed`,
    `On ${until(at)} a new password was chosen for your account at ${hostOf(issuer)}, by a link that was mailed to this address. Whoever was signed in is signed out.`,
    'If that was not you, somebody reads your mail: secure your mailbox first, then choose a new password here.',
    `${issuer}/reset`,
  )

export const addressLetter = (facts: {
  url: string
  issuer: string
  name: string
  expiresAt: number
  /** It is the account's own already, and has only to be shown. */
  own: boolean
}): Letter => {
  const { url, issuer, name, expiresAt, own } = facts
  return letter(
    `Confirm your address at ${hostOf(issuer)}`,
    own
      ? `You have asked to confirm that this is the address of your account at ${hostOf(issuer)}.`
      : `${name} wants to use this address for the account at ${hostOf(issuer)} from now on.`,
    `Open this link and sign in to confirm. It works until ${until(expiresAt)}.`,
    url,
    ignore,
  )
}

/** To an address that somebody else wants, and that has an account. */
export const addressTakenLetter = ({ issuer }: { issuer: string }): Letter =>
  letter(
    `Your address at ${hostOf(issuer)}`,
    `Somebody wants to use this address for another account at ${hostOf(issuer)}. You have an account with it, so nothing was changed.`,
    'If that was you: sign in with this address, or give this account another one first.',
  )

/** To the former address: before and after. */
export const addressNoticeLetter = (facts: { issuer: string; to: string; done: boolean }): Letter => {
  const { issuer, to, done } = facts
  const host = hostOf(issuer)
  return letter(
    done ? `Your address at ${host} was changed` : `Your address at ${host} is about to change`,
    done
      ? `Your account at ${host} has the address ${to} from now on. No more messages come to this one.`
      : `Somebody who is signed in to your account at ${host} wants it to have the address ${to}. It changes once that address has been confirmed.`,
    done
      ? `If that was not you, tell an operator of ${host} at once.`
      : 'If that is not you, choose a new password now: it stops the change and signs everybody out.',
    ...(done ? [] : [`${issuer}/reset`]),
  )
}

export const identityLinkedLetter = (facts: { issuer: string; label: string; email: string | undefined }): Letter => {
  const { issuer, label, email } = facts
  const host = hostOf(issuer)
  return letter(
    `${label} signs you in at ${host}`,
    `From now on you can sign in to your account at ${host} by ${label}${email === undefined ? '' : ` (${email})`}.`,
    'If that was not you, unlink it here:',
    `${issuer}/account/security`,
  )
}
