// From one organization to another, by name: the server searches, so that thousands are no trouble.
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { api } from '../api/client.ts'
import type { Page } from '../api/list.ts'
import { type Organization, organizationQuery } from '../api/queries.ts'
import { UpDownIcon } from '../kit/icons.tsx'
import { MenuLink, Popover } from '../kit/menu.tsx'
import { Search } from '../kit/search.tsx'
import { Skeleton } from '../kit/skeleton.tsx'

const shown = 20

const Choices = ({ close }: { close: () => void }) => {
  const [q, setQ] = useState('')
  const { data } = useQuery({
    queryKey: ['organizations', 'list', 'switcher', q],
    queryFn: ({ signal }) => api.get<Page<Organization>>('/organizations', { q, limit: shown }, signal),
    placeholderData: keepPreviousData,
  })
  return (
    <>
      <Search label="Find an organization" value={q} onSearch={setQ} className="mb-1.5 w-full" autoFocus />
      <nav aria-label="Organizations" className="min-h-24">
        {data ? (
          data.data.map(({ id, name }) => (
            <MenuLink key={id} to="/organizations/$organizationId" params={{ organizationId: id }} onClick={close}>
              <span className="truncate">{name}</span>
            </MenuLink>
          ))
        ) : (
          <div className="grid gap-3 p-2.5">
            <Skeleton />
            <Skeleton />
          </div>
        )}
        {data?.data.length === 0 && <p className="px-2.5 py-2 text-quiet">No organization has this in its name.</p>}
        {data?.next_cursor != null && (
          <p className="px-2.5 py-1.5 text-sm text-quiet">There are more: type to find them.</p>
        )}
      </nav>
      <div className="mt-1 border-t border-line pt-1">
        <MenuLink to="/organizations" onClick={close} activeOptions={{ exact: true }}>
          All organizations
        </MenuLink>
      </div>
    </>
  )
}

export const OrganizationSwitcher = () => {
  const { organizationId } = useParams({ strict: false })
  const { data } = useQuery({
    ...organizationQuery(organizationId ?? ''),
    enabled: organizationId !== undefined,
  })
  const name = organizationId === undefined ? 'Organizations' : (data?.name ?? 'Organization')
  return (
    <Popover
      width="w-72"
      className="flex h-9 max-w-full min-w-0 items-center gap-1.5 rounded-md px-2.5 font-medium hover:bg-sunken"
      button={
        <>
          <span className="truncate">{name}</span>
          <span className="unseen">{organizationId === undefined ? ': choose one' : ': choose another'}</span>
          <UpDownIcon className="size-4 text-quiet" />
        </>
      }
    >
      {(close) => <Choices close={close} />}
    </Popover>
  )
}
