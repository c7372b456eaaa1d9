// The OAuth clients of an organization: a part of the page API Keys.
import { useState } from 'react'
import { Link } from '@tanstack/react-router'
import { useList } from '../../api/list.ts'
import { Badge } from '../../kit/badge.tsx'
import { Button } from '../../kit/button.tsx'
import { Empty } from '../../kit/empty.tsx'
import { PlusIcon } from '../../kit/icons.tsx'
import { Section } from '../../kit/page.tsx'
import { Search } from '../../kit/search.tsx'
import { type Column, ListTable } from '../../kit/table.tsx'
import { Time } from '../../kit/time.tsx'
import { CreateClientDialog } from './create-client.tsx'
import { kindOf } from './draft.ts'
import { type Client, clientsKey, useMayManage } from './queries.ts'

const columnsFor = (organizationId: string): readonly Column<Client>[] => [
  {
    name: 'Name',
    cell: ({ client_id: clientId, name }) => (
      <div className="grid justify-items-start gap-0.5">
        <Link
          to="/organizations/$organizationId/settings/clients/$clientId"
          params={{ organizationId, clientId }}
          className="font-medium break-words"
        >
          {name}
        </Link>
        <code className="text-quiet break-all">{clientId}</code>
      </div>
    ),
  },
  {
    name: 'Kind',
    cell: (client) => (
      <span className="inline-flex flex-wrap items-center gap-1.5 max-md:justify-end">
        {kindOf(client)}
        <Badge look={client.environment === 'live' ? 'good' : 'warn'}>{client.environment}</Badge>
      </span>
    ),
  },
  {
    name: 'Created',
    cell: ({ created_at: at, created_by_name: by }) => (
      <>
        <Time at={at} />
        {by !== null && <span className="block text-sm text-quiet">by {by}</span>}
      </>
    ),
  },
  { name: 'Last used', cell: ({ last_used_at: at }) => <Time at={at} none="Never used" /> },
]

/** From so many clients on they are searched for. */
const manyClients = 10

export const ClientsSection = ({ organizationId }: { organizationId: string }) => {
  const [q, setQ] = useState('')
  const [creating, setCreating] = useState(false)
  const mayManage = useMayManage(organizationId)
  const list = useList<Client>(clientsKey(organizationId), `/organizations/${organizationId}/clients`, { q })
  const create = mayManage ? (
    <Button onClick={() => setCreating(true)}>
      <PlusIcon /> Create Client
    </Button>
  ) : undefined
  return (
    <Section
      title="OAuth clients"
      lead="Client ID and secret pairs, for services that get tokens and for apps that people sign in through."
      actions={create}
    >
      {(q !== '' || (list.rows?.length ?? 0) > manyClients || list.page > 1) && (
        <Search label="Search clients" value={q} onSearch={setQ} />
      )}
      <ListTable
        list={list}
        caption="OAuth clients"
        columns={columnsFor(organizationId)}
        keyOf={({ client_id: id }) => id}
        nameOf={({ name }) => name}
        empty={
          q === '' ? (
            <Empty title="No clients yet" level={3} actions={create}>
              A client exchanges its ID and secret for short-lived access tokens.
            </Empty>
          ) : (
            <Empty
              title="No client matches"
              level={3}
              actions={<Button onClick={() => setQ('')}>Show all clients</Button>}
            />
          )
        }
      />
      {creating && <CreateClientDialog organizationId={organizationId} onClose={() => setCreating(false)} />}
    </Section>
  )
}
