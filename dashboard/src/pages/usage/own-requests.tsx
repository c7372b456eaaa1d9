// /account/requests: decisions about one's own tokens, as they are made. `?request=` opens one of them.
import { useNavigate, useSearch } from '@tanstack/react-router'
import { Page } from '../../kit/page.tsx'
import { NoOwnRequests } from './no-own-requests.tsx'
import { ownPlace } from './place.ts'
import { Tail, requestsLead } from './tail.tsx'

export const OwnRequestsPage = () => {
  const search = useSearch({ from: '/account/requests' })
  const navigate = useNavigate({ from: '/account/requests' })
  return (
    <Page title="Requests" windowTitle="Your requests" lead={requestsLead}>
      <Tail
        place={ownPlace}
        search={search}
        onSearch={(changed) =>
          void navigate({ search: (before) => ({ ...before, ...changed }), replace: true, resetScroll: false })
        }
        empty={<NoOwnRequests />}
      />
    </Page>
  )
}
