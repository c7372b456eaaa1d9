// Invitations that nobody has accepted yet: sent again, or withdrawn.
import { useState } from 'react'
import type { Invitation } from '../../../../src/accounts/invitations/invitation.ts'
import type { SentInvitation } from '../../../../src/accounts/invitations/send.ts'
import { api } from '../../api/client.ts'
import { useList } from '../../api/list.ts'
import { queryClient } from '../../api/queries.ts'
import { Badge } from '../../kit/badge.tsx'
import { Button } from '../../kit/button.tsx'
import { ConfirmDanger } from '../../kit/confirm-danger.tsx'
import { useAction } from '../../kit/dialog.tsx'
import { Empty } from '../../kit/empty.tsx'
import { ErrorNotice } from '../../kit/notice.tsx'
import { Section } from '../../kit/page.tsx'
import { ListTable } from '../../kit/table.tsx'
import { Time } from '../../kit/time.tsx'
import { toast } from '../../kit/toast.tsx'
import { SentDialog } from './invite.tsx'

export const Invitations = ({ organizationId, owns }: { organizationId: string; owns: boolean }) => {
  const key = ['invitations', organizationId]
  const path = `/organizations/${organizationId}/invitations`
  const list = useList<Invitation>(key, path, { limit: 50 })
  const [sent, setSent] = useState<SentInvitation>()
  const [withdrawing, setWithdrawing] = useState<Invitation>()
  const resending = useAction(async (id: string) => {
    setSent(await api.post<SentInvitation>(`${path}/${id}/resend`))
    await queryClient.invalidateQueries({ queryKey: key })
  })
  return (
    <Section title="Invitations">
      <ErrorNotice error={resending.error} />
      <ListTable
        caption="Invitations"
        list={list}
        keyOf={({ id }) => id}
        columns={[
          { name: 'E-mail', cell: ({ email }) => <span className="wrap-anywhere">{email}</span> },
          { name: 'Role', cell: ({ role }) => <Badge>{role}</Badge> },
          {
            name: 'Status',
            cell: ({ status }) => (
              <Badge look={status === 'pending' ? 'accent' : 'warn'}>
                {status === 'void' ? 'inviter may not invite any more' : status}
              </Badge>
            ),
          },
          { name: 'Expires', cell: ({ expires_at }) => <Time at={expires_at} /> },
          {
            name: 'Actions',
            quiet: true,
            right: true,
            cell: (invitation) =>
              invitation.role === 'owner' && !owns ? null : (
                <span className="flex flex-wrap justify-end gap-2">
                  <Button
                    size="small"
                    busy={resending.busy}
                    aria-label={`Send again to ${invitation.email}`}
                    onClick={() => resending.run(invitation.id)}
                  >
                    Send again
                  </Button>
                  <Button
                    size="small"
                    look="danger"
                    aria-label={`Withdraw invitation of ${invitation.email}`}
                    onClick={() => setWithdrawing(invitation)}
                  >
                    Withdraw
                  </Button>
                </span>
              ),
          },
        ]}
        empty={<Empty title="No invitations">Whoever is invited stands here until they accept.</Empty>}
      />
      {sent && <SentDialog sent={sent} onClose={() => setSent(undefined)} />}
      {withdrawing && (
        <ConfirmDanger
          title={`Withdraw the invitation of ${withdrawing.email}?`}
          action="Withdraw invitation"
          onClose={() => setWithdrawing(undefined)}
          onConfirm={async () => {
            await api.delete(`${path}/${withdrawing.id}`)
            await queryClient.invalidateQueries({ queryKey: key })
            toast('Invitation withdrawn.')
          }}
        >
          <p>Its link ends at once.</p>
        </ConfirmDanger>
      )}
    </Section>
  )
}
