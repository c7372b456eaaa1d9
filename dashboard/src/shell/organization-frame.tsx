// Around every page of an organization. Another organization is another page altogether: nothing typed or chosen goes along.
import { Outlet, useParams } from '@tanstack/react-router'
import { useOrganization } from '../api/queries.ts'
import { Notice } from '../kit/notice.tsx'

export const OrganizationFrame = () => {
  const { organizationId } = useParams({ from: '/organizations/$organizationId' })
  const { suspended_at } = useOrganization(organizationId)
  return (
    <div key={organizationId}>
      {suspended_at !== null && (
        <div className="mx-auto mb-6 max-w-5xl">
          <Notice look="warn" title="This organization is suspended.">
            None of its keys, clients and tokens is accepted until an operator resumes it.
          </Notice>
        </div>
      )}
      <Outlet />
    </div>
  )
}
