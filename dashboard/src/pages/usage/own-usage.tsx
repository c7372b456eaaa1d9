// /account/usage: what one's own tokens ask for where no organization is asked for in particular.
import { useNavigate, useSearch } from '@tanstack/react-router'
import { NoOwnRequests } from './no-own-requests.tsx'
import { ownPlace } from './place.ts'
import { UsageView } from './usage-view.tsx'

export const OwnUsagePage = () => {
  const search = useSearch({ from: '/account/usage' })
  const navigate = useNavigate({ from: '/account/usage' })
  return (
    <UsageView
      place={ownPlace}
      windowTitle="Your usage"
      lead="What your own API tokens ask for. Requests that an organization pays for stand under its own Usage."
      search={search}
      onSearch={(changed) =>
        void navigate({ search: (before) => ({ ...before, ...changed }), replace: true, resetScroll: false })
      }
      empty={<NoOwnRequests level={3} />}
    />
  )
}
