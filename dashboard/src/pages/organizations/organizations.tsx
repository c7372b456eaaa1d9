// /organizations: those that one belongs to; where signing in leads.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useAddress } from '../../api/address.ts'
import { useList } from '../../api/list.ts'
import { type Organization, suspendedQuery } from '../../api/queries.ts'
import { Badge } from '../../kit/badge.tsx'
import { Button } from '../../kit/button.tsx'
import { Empty } from '../../kit/empty.tsx'
import { Notice } from '../../kit/notice.tsx'
import { PlusIcon } from '../../kit/icons.tsx'
import { Page } from '../../kit/page.tsx'
import { Search } from '../../kit/search.tsx'
import { ListTable } from '../../kit/table.tsx'
import { Time } from '../../kit/time.tsx'
import { CreateOrganization } from './create-organization.tsx'

/** Those that the list leaves out. Nothing where there are none. */
const Suspended = () => {
  const { data = [] } = useQuery(suspendedQuery)
  if (data.length === 0) return null
  return (
    <Notice
      look="warn"
      title={data.length === 1 ? 'One of yours is suspended.' : `${data.length} of yours are suspended.`}
    >
      <ul className="flex flex-wrap gap-x-4 gap-y-1">
        {data.map(({ id, name }) => (
          <li key={id} className="wrap-anywhere">
            <Link to="/organizations/$organizationId" params={{ organizationId: id }} className="text-text underline">
              {name}
            </Link>
          </li>
        ))}
      </ul>
    </Notice>
  )
}

export const OrganizationsPage = () => {
  const [q, setQ] = useAddress('q')
  const [creating, setCreating] = useState(false)
  const list = useList<Organization>(['organizations', 'list'], '/organizations', { q, limit: 25 })
  const none = list.rows?.length === 0 && q === ''
  return (
    <Page
      title="Organizations"
      lead="Keys, clients and members belong to an organization, and so do its limits."
      actions={
        <Button look="primary" onClick={() => setCreating(true)}>
          <PlusIcon /> Create organization
        </Button>
      }
    >
      <Suspended />
      {none ? (
        <Empty title="You belong to no organization yet">
          <p>
            Create one to make your first API key. If a colleague has invited you, open the link in their e-mail: it
            brings you into theirs.
          </p>
        </Empty>
      ) : (
        <div className="grid gap-3">
          <Search label="Search organizations" value={q} onSearch={setQ} />
          <ListTable
            caption="Organizations"
            list={list}
            keyOf={({ id }) => id}
            columns={[
              {
                name: 'Name',
                cell: ({ id, name }) => (
                  <Link
                    to="/organizations/$organizationId"
                    params={{ organizationId: id }}
                    className="font-medium wrap-anywhere text-text hover:underline"
                  >
                    {name}
                  </Link>
                ),
              },
              { name: 'Your role', cell: ({ role }) => <span className="capitalize">{role}</span> },
              { name: 'Tier', cell: ({ tier }) => <Badge>{tier}</Badge> },
              { name: 'Created', cell: ({ created_at }) => <Time at={created_at} form="day" /> },
            ]}
            empty={
              <Empty title="Nothing found">
                <p>No organization of yours has “{q}” in its name.</p>
              </Empty>
            }
          />
        </div>
      )}
      {creating && <CreateOrganization onClose={() => setCreating(false)} />}
    </Page>
  )
}
