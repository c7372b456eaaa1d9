// /organizations/…/audit: who changed what.
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { api } from '../../api/client.ts'
import type { Page } from '../../api/list.ts'
import { AuditLog } from './audit-log.tsx'
import { actionKinds } from './words.ts'

/** People to choose from; of more, the others are found by their entries. */
const mostPeople = 200

export const AuditPage = () => {
  const { organizationId } = useParams({ from: '/organizations/$organizationId/audit' })
  const path = `/organizations/${organizationId}`
  const { data } = useQuery({
    queryKey: ['organizations', organizationId, 'members', 'names'],
    queryFn: ({ signal }) =>
      api.get<Page<{ user_id: string; name: string }>>(`${path}/members`, { limit: mostPeople }, signal),
  })
  return (
    <AuditLog
      path={`${path}/audit`}
      lead="Every change in this organization: who made it, by what means, and from where. Entries are never changed or deleted."
      kinds={actionKinds}
      people={data?.data.map(({ user_id, name }) => ({ id: user_id, name })) ?? []}
    />
  )
}
