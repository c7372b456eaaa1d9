// Invites somebody, and shows the link that works without mail.
import { useState } from 'react'
import type { SentInvitation } from '../../../../src/accounts/invitations/send.ts'
import type { Role } from '../../../../src/store/schema.ts'
import { api } from '../../api/client.ts'
import { queryClient } from '../../api/queries.ts'
import { FormDialog } from '../../kit/dialog.tsx'
import { Select, TextField } from '../../kit/field.tsx'
import { SecretDialog } from '../../kit/secret.tsx'

export const roleWords: Record<Role, string> = {
  viewer: 'Viewer: sees, changes nothing',
  member: 'Member: makes keys of their own',
  admin: 'Admin: manages keys, clients and members',
  owner: 'Owner: everything, roles and deletion too',
}

export const SentDialog = ({ sent, onClose }: { sent: SentInvitation; onClose: () => void }) => (
  <SecretDialog
    title={`${sent.email} is invited`}
    secret={sent.url}
    label="link"
    elsewhere={sent.mailed}
    onClose={onClose}
  >
    <p>
      {sent.mailed
        ? 'A link is on its way by e-mail. You can hand over this one as well.'
        : 'Nothing was mailed: hand over this link.'}{' '}
      It works once, for seven days, and for {sent.email} alone.
    </p>
  </SecretDialog>
)

export const InviteDialog = ({
  organizationId,
  owns,
  onClose,
}: {
  organizationId: string
  owns: boolean
  onClose: () => void
}) => {
  const [sent, setSent] = useState<SentInvitation>()
  if (sent) return <SentDialog sent={sent} onClose={onClose} />
  return (
    <FormDialog
      title="Invite a member"
      submit="Send invitation"
      onClose={onClose}
      onSubmit={async (form) => {
        const body = { email: form.get('email'), role: form.get('role') }
        const made = await api.post<SentInvitation>(`/organizations/${organizationId}/invitations`, body)
        await queryClient.invalidateQueries({ queryKey: ['invitations', organizationId] })
        setSent(made)
      }}
    >
      <TextField label="E-mail" name="email" type="email" required maxLength={254} />
      <Select label="Role" name="role" defaultValue="member">
        {(Object.keys(roleWords) as Role[])
          .filter((role) => owns || role !== 'owner')
          .map((role) => (
            <option key={role} value={role}>
              {roleWords[role]}
            </option>
          ))}
      </Select>
    </FormDialog>
  )
}
