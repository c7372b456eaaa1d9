// /organizations/…/settings/members: who belongs to an organization, and as what; who is invited.
import { useParams } from '@tanstack/react-router'
import { useState } from 'react'
import type { Member } from '../../../../src/accounts/members/member.ts'
import type { Role } from '../../../../src/store/schema.ts'
import { api } from '../../api/client.ts'
import { useList } from '../../api/list.ts'
import { queryClient, useMe, useOrganization } from '../../api/queries.ts'
import { Badge } from '../../kit/badge.tsx'
import { Button } from '../../kit/button.tsx'
import { ConfirmDanger } from '../../kit/confirm-danger.tsx'
import { FormDialog } from '../../kit/dialog.tsx'
import { Empty } from '../../kit/empty.tsx'
import { Select } from '../../kit/field.tsx'
import { PlusIcon } from '../../kit/icons.tsx'
import { Page } from '../../kit/page.tsx'
import { ListTable } from '../../kit/table.tsx'
import { Time } from '../../kit/time.tsx'
import { toast } from '../../kit/toast.tsx'
import { Invitations } from './invitations.tsx'
import { InviteDialog, roleWords } from './invite.tsx'

type Step = { what: 'role' | 'remove'; member: Member }

export const MembersPage = () => {
  const { organizationId } = useParams({ strict: false }) as { organizationId: string }
  const me = useMe()
  const { role, name } = useOrganization(organizationId)
  const owns = me.operator || role === 'owner'
  const manages = owns || role === 'admin'
  const path = `/organizations/${organizationId}/members`
  const key = ['members', organizationId]
  const [inviting, setInviting] = useState(false)
  const [step, setStep] = useState<Step>()
  const list = useList<Member>(key, path, { limit: 50 })
  const close = (): void => setStep(undefined)
  return (
    <Page
      title="Members"
      lead="Who belongs to this organization, and what they may do in it."
      actions={
        manages && (
          <Button look="primary" onClick={() => setInviting(true)}>
            <PlusIcon /> Invite member
          </Button>
        )
      }
    >
      <ListTable
        caption="Members"
        list={list}
        keyOf={({ user_id }) => user_id}
        columns={[
          {
            name: 'Name',
            cell: (member) => (
              <>
                <p className="flex flex-wrap items-center gap-1.5">
                  <span className="font-medium wrap-anywhere">{member.name}</span>
                  {member.user_id === me.id && <Badge>you</Badge>}
                </p>
                <p className="text-sm wrap-anywhere text-quiet">{member.email}</p>
              </>
            ),
          },
          { name: 'Role', cell: (member) => <Badge>{member.role}</Badge> },
          { name: 'Member since', cell: ({ created_at }) => <Time at={created_at} form="day" /> },
          {
            name: 'Actions',
            quiet: true,
            right: true,
            cell: (member) =>
              member.user_id === me.id ? null : (
                <span className="flex flex-wrap justify-end gap-2">
                  {owns && (
                    <Button
                      size="small"
                      aria-label={`Change role of ${member.name}`}
                      onClick={() => setStep({ what: 'role', member })}
                    >
                      Change role
                    </Button>
                  )}
                  {(owns || (manages && member.role !== 'owner')) && (
                    <Button
                      size="small"
                      look="danger"
                      aria-label={`Remove ${member.name}`}
                      onClick={() => setStep({ what: 'remove', member })}
                    >
                      Remove
                    </Button>
                  )}
                </span>
              ),
          },
        ]}
        empty={<Empty title="No members">Invite the first by e-mail.</Empty>}
      />
      {manages && <Invitations organizationId={organizationId} owns={owns} />}
      {inviting && <InviteDialog organizationId={organizationId} owns={owns} onClose={() => setInviting(false)} />}
      {step?.what === 'role' && (
        <FormDialog
          title={`Change the role of ${step.member.name}`}
          submit="Change role"
          onClose={close}
          onSubmit={async (form) => {
            await api.patch(`${path}/${step.member.user_id}`, { role: form.get('role') })
            await queryClient.invalidateQueries({ queryKey: key })
            toast('Role changed.')
            close()
          }}
        >
          <Select label="Role" name="role" defaultValue={step.member.role}>
            {(Object.keys(roleWords) as Role[]).map((one) => (
              <option key={one} value={one}>
                {roleWords[one]}
              </option>
            ))}
          </Select>
        </FormDialog>
      )}
      {step?.what === 'remove' && (
        <ConfirmDanger
          title={`Remove ${step.member.name}?`}
          action="Remove member"
          onClose={close}
          onConfirm={async () => {
            await api.delete(`${path}/${step.member.user_id}`)
            await queryClient.invalidateQueries({ queryKey: key })
            await queryClient.invalidateQueries({ queryKey: ['invitations', organizationId] })
            toast(`${step.member.name} is no member any more.`)
          }}
        >
          <p>
            Their personal tokens and connected applications reach {name} no more, from the next request on. Invitations
            that they made end too. API keys that they made belong to {name} and stay.
          </p>
        </ConfirmDanger>
      )}
    </Page>
  )
}
