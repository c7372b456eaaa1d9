// /operator/organizations: every organization there is.
import { Link } from '@tanstack/react-router'
import { useAddress } from '../../api/address.ts'
import { useList } from '../../api/list.ts'
import type { Organization } from '../../api/queries.ts'
import { Badge } from '../../kit/badge.tsx'
import { Empty } from '../../kit/empty.tsx'
import { Page } from '../../kit/page.tsx'
import { Search } from '../../kit/search.tsx'
import { ListTable } from '../../kit/table.tsx'
import { Time } from '../../kit/time.tsx'

export const AllOrganizationsPage = () => {
  const [q, setQ] = useAddress('q')
  const list = useList<Organization>(['organizations', 'list', 'all'], '/organizations', { all: true, q, limit: 25 })
  return (
    <Page
      title="Organizations"
      lead="Every organization on this server. Tier and suspension are set under its General settings."
    >
      <div className="grid gap-3">
        <Search label="Search organizations" value={q} onSearch={setQ} />
        <ListTable
          caption="Organizations"
          list={list}
          keyOf={({ id }) => id}
          columns={[
            {
              name: 'Name',
              cell: ({ id, name, suspended_at }) => (
                <p className="flex flex-wrap items-center gap-1.5">
                  <Link
                    to="/organizations/$organizationId/settings"
                    params={{ organizationId: id }}
                    className="font-medium wrap-anywhere text-text hover:underline"
                  >
                    {name}
                  </Link>
                  {suspended_at !== null && <Badge look="bad">suspended</Badge>}
                </p>
              ),
            },
            { name: 'Tier', cell: ({ tier }) => <Badge>{tier}</Badge> },
            { name: 'Id', cell: ({ id }) => <code className="text-sm wrap-anywhere text-quiet">{id}</code> },
            { name: 'Created', cell: ({ created_at }) => <Time at={created_at} form="day" /> },
          ]}
          empty={
            <Empty title={q === '' ? 'No organization yet' : 'Nothing found'}>
              <p>{q === '' ? 'People create them under Organizations.' : `No organization has “${q}” in its name.`}</p>
            </Empty>
          }
        />
      </div>
    </Page>
  )
}
