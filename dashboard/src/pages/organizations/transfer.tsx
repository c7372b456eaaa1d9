// Hands an organization over to another of its members.
import { useState } from 'react'
import type { Member } from '../../../../src/accounts/members/member.ts'
import { api } from '../../api/client.ts'
import { useList } from '../../api/list.ts'
import { type Organization, useMe } from '../../api/queries.ts'
import { FormDialog } from '../../kit/dialog.tsx'
import { FieldGroup, Radio } from '../../kit/field.tsx'
import { ErrorNotice } from '../../kit/notice.tsx'
import { SkeletonLines } from '../../kit/skeleton.tsx'
import { Pagination } from '../../kit/table.tsx'
import { toast } from '../../kit/toast.tsx'

export const TransferDialog = ({
  organization: { id, name, role },
  onDone,
  onClose,
}: {
  organization: Organization
  onDone: (organization: Organization) => unknown
  onClose: () => void
}) => {
  const me = useMe()
  const [chosen, setChosen] = useState<Member>()
  const list = useList<Member>(['organizations', id, 'members'], `/organizations/${id}/members`, { limit: 50 })
  const others = list.rows?.filter(({ user_id, role: theirs }) => user_id !== me.id && theirs !== 'owner')
  const transfer = async (): Promise<void> => {
    if (!chosen) return
    await onDone(await api.post<Organization>(`/organizations/${id}/transfer`, { user_id: chosen.user_id }))
    onClose()
    toast(`${chosen.name} owns ${name} now.`)
  }
  return (
    <FormDialog
      title={`Transfer ${name}`}
      submit="Transfer ownership"
      look="danger"
      ready={chosen !== undefined}
      onSubmit={transfer}
      onClose={onClose}
    >
      <p>
        {role === 'owner'
          ? 'The new owner may do everything with it, delete it too. You become an admin: only they can make you an owner again.'
          : 'The new owner may do everything with it, delete it too. Owners that there are stay owners.'}
      </p>
      <ErrorNotice error={list.error} again={list.again} />
      {!others && !list.error && <SkeletonLines />}
      {others?.length === 0 && (
        <p className="text-quiet">There is nobody to hand it over to: invite somebody under Members first.</p>
      )}
      {others !== undefined && others.length > 0 && (
        <FieldGroup legend="New owner">
          {others.map((member) => (
            <Radio
              key={member.user_id}
              name="user_id"
              required
              checked={chosen?.user_id === member.user_id}
              onChange={() => setChosen(member)}
              label={member.name}
              hint={`${member.email}, ${member.role}`}
            />
          ))}
        </FieldGroup>
      )}
      <Pagination list={list} label="members" />
    </FormDialog>
  )
}
