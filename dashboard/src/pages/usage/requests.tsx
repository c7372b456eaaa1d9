// /organizations/…/requests: decisions as they are made. `?request=` opens one of them.
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { Page } from '../../kit/page.tsx'
import { FirstRequest } from './first-request.tsx'
import { placeOfOrganization } from './place.ts'
import { Tail, requestsLead } from './tail.tsx'

export const RequestsPage = () => {
  const { organizationId } = useParams({ from: '/organizations/$organizationId/requests' })
  const search = useSearch({ from: '/organizations/$organizationId/requests' })
  const navigate = useNavigate({ from: '/organizations/$organizationId/requests' })
  return (
    <Page title="Requests" lead={requestsLead}>
      <Tail
        place={placeOfOrganization(organizationId)}
        search={search}
        onSearch={(changed) =>
          void navigate({ search: (before) => ({ ...before, ...changed }), replace: true, resetScroll: false })
        }
        empty={<FirstRequest organizationId={organizationId} />}
      />
    </Page>
  )
}
