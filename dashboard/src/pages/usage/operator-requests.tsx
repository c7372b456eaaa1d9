// /operator/requests: what was denied to credentials that nobody here has, such as typos, guesses, and keys of other systems.
import { useNavigate, useSearch } from '@tanstack/react-router'
import { Empty } from '../../kit/empty.tsx'
import { Page } from '../../kit/page.tsx'
import { nobodysPlace } from './place.ts'
import { Tail } from './tail.tsx'

export const OperatorRequestsPage = () => {
  const search = useSearch({ from: '/operator/requests' })
  const navigate = useNavigate({ from: '/operator/requests' })
  return (
    <Page
      title="Requests"
      lead="Denied requests with credentials that nobody here has: typos, guesses, keys of other systems. What is an organization’s stands on its own page."
    >
      <Tail
        place={nobodysPlace}
        search={search}
        onSearch={(changed) =>
          void navigate({ search: (before) => ({ ...before, ...changed }), replace: true, resetScroll: false })
        }
        empty={
          <Empty title="None in the last day">
            <p>Requests with a credential that is unknown here show as they come in.</p>
          </Empty>
        }
      />
    </Page>
  )
}
