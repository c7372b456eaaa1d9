// The pages behind the link of an invitation.
import { html, type Html, layout } from '../../http/page.ts'
import type { Role } from '../../store/schema.ts'
import { type PersonMistakes, hiddenFields, personForm, signInLink, summary } from '../joining-pages.ts'
import type { Session } from '../sessions.ts'
import type { OpenInvitation } from './accept.ts'

const inRole: Record<Role, string> = {
  owner: 'an owner, who may do everything there, roles and deletion too',
  admin: 'an admin, who manages its keys, clients and members',
  member: 'a member, who makes keys of their own',
  viewer: 'a viewer, who sees it and changes nothing',
}

const titleOf = ({ organizationName }: OpenInvitation): string =>
  organizationName === null ? 'Join Latchkey' : `Join ${organizationName}`

const lead = ({ inviterName, organizationName, role }: OpenInvitation): Html =>
  html`<p class="lead">
    ${inviterName === null ? 'You are invited' : html`<strong>${inviterName}</strong> invites you`}
    ${role === null ? undefined : html` to join <strong>${organizationName ?? ''}</strong> as ${inRole[role]}`}.
  </p>`

/** Of whom the invitation is for, signed in. */
export const joinPage = (
  invitation: OpenInvitation,
  { link, session, formToken }: { link: string; session: Session; formToken: string },
  message?: string,
): string =>
  layout(
    titleOf(invitation),
    html`${lead(invitation)} ${summary(message)}
      <p class="account"><span>${session.name}</span><span>${session.email}</span></p>
      <form method="post" action="/invitations/${link}">
        ${hiddenFields({ form_token: formToken })}
        <button type="submit">Join</button>
      </form>`,
  )

/** Of somebody else who is signed in: the link alone lets nobody in. */
export const otherAccountPage = (
  invitation: OpenInvitation,
  { link, session, signOutToken }: { link: string; session: Session; signOutToken: string },
): string =>
  layout(
    titleOf(invitation),
    html`<p>
        This invitation is for <strong>${invitation.email}</strong>. You are signed in as
        <strong>${session.email}</strong>, and only the invited address can accept it.
      </p>
      <form method="post" action="/logout">
        ${hiddenFields({ form_token: signOutToken, return_to: `/invitations/${link}` })}
        <button type="submit">Sign out and use the other account</button>
      </form>
      <a class="button secondary" href="/organizations">Stay signed in</a>
      <p class="foot hint">Is ${session.email} the right address? Ask for an invitation to it.</p>`,
  )

export const signInToJoinPage = (invitation: OpenInvitation, link: string): string => {
  const query = new URLSearchParams({ return_to: `/invitations/${link}`, login_hint: invitation.email }).toString()
  return layout(
    titleOf(invitation),
    html`${lead(invitation)}
      <p>You have an account with the address <strong>${invitation.email}</strong>. Sign in to accept.</p>
      <a class="button" href="/login?${query}">Sign in</a>`,
  )
}

export const newMemberPage = (
  invitation: OpenInvitation,
  { link, name, formToken }: { link: string; name: string; formToken: string },
  wrong: { mistakes?: PersonMistakes; message?: string } = {},
): string =>
  layout(
    titleOf(invitation),
    html`${lead(invitation)} ${summary(wrong.message)}
    ${personForm(
      {
        action: `/invitations/${link}/account`,
        hidden: { form_token: formToken },
        email: invitation.email,
        name,
        button: 'Create account and join',
      },
      wrong.mistakes,
    )}`,
  )

/** The same for one that was accepted, withdrawn, is over, or never was. */
export const goneInvitationPage = (): string =>
  layout(
    'This invitation does not work',
    html`<p>It was accepted already, was withdrawn, is over, or the link is not complete. Invitations work once, within seven days.</p>
      <p>Ask whoever invited you for another.</p>
      ${signInLink}`,
  )
