// /organizations/…/requests: decisions as they are made. `?request=` opens one of them.
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { Page } from '../../kit/page.tsx'
import { FirstRequest } from './first-request.tsx'
import { Tail } from './tail.tsx'

export const RequestsPage = () => {
  const { organizationId } = useParams({ from: '/organizations/$organizationId/requests' })
  const search = useSearch({ from: '/organizations/$organizationId/requests' })
  const navigate = useNavigate({ from: '/organizations/$organizationId/requests' })
  return (
    <Page
      title="Requests"
      lead="The last day’s latest 1,000, as they come in. Where they are many, some of those let in are left out here; Usage counts them all."
    >
      <Tail
        place={`/organizations/${organizationId}/decisions`}
        organizationId={organizationId}
        search={search}
        onSearch={(changed) =>
          void navigate({ search: (before) => ({ ...before, ...changed }), replace: true, resetScroll: false })
        }
        empty={<FirstRequest organizationId={organizationId} />}
      />
    </Page>
  )
}
