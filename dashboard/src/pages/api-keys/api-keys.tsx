// /organizations/…/settings/api-keys: keys, live and test, and OAuth clients.
import { useCallback, useState } from 'react'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useList } from '../../api/list.ts'
import { useDeployment } from '../../api/queries.ts'
import { Button } from '../../kit/button.tsx'
import { Empty } from '../../kit/empty.tsx'
import { Select } from '../../kit/field.tsx'
import { PlusIcon } from '../../kit/icons.tsx'
import { Page, Section } from '../../kit/page.tsx'
import { Search } from '../../kit/search.tsx'
import { ListTable, type Sort } from '../../kit/table.tsx'
import { Tab, Tabs } from '../../kit/tabs.tsx'
import { ClientsSection } from '../clients/clients-section.tsx'
import { CreateKeyDialog } from './create-key.tsx'
import { EnvironmentNote, environmentWord } from './environment.tsx'
import { keyColumns } from './key-list.tsx'
import { type ApiKey, keysKey, keysPath, useKeyRights } from './keys.ts'
import { RevokeKeysDialog } from './revoke-key.tsx'

const states = [
  ['active', 'Active'],
  ['expired', 'Expired'],
  ['revoked', 'Revoked'],
  ['all', 'All states'],
] as const

const sortOf = (text: string): Sort => ({ by: text.replace(/^-/, ''), descending: text.startsWith('-') })

/** A whole key that somebody pastes to find it: only what lists show of it is searched for, and stands in the address. */
const searchable = (text: string): string => {
  const whole = /^([a-z][a-z0-9]{0,15}_(?:[a-z][a-z0-9]{0,15}_)?)[0-9a-f]{60}([0-9a-f]{4})$/.exec(text.trim())
  return whole ? `${whole[1]}…${whole[2]}` : text
}

interface Filters {
  environment: string
  q: string
  status: string
  sort: string
}

const Keys = ({
  organizationId,
  filters,
  onFilter,
  onCreate,
}: {
  organizationId: string
  filters: Filters
  onFilter: (changed: Partial<Filters>) => void
  onCreate: () => void
}) => {
  const rights = useKeyRights(organizationId)
  const { environment, q, status, sort } = filters
  const list = useList<ApiKey>(keysKey(organizationId), keysPath(organizationId), {
    environment,
    q,
    status: status === 'all' ? undefined : status,
    sort,
    limit: 50,
  })
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const [revoking, setRevoking] = useState(false)
  const { rows } = list
  // what is not seen is not chosen
  const chosen = rows?.filter(({ id }) => selected.has(id)) ?? []
  const search = useCallback((text: string) => onFilter({ q: searchable(text) }), [onFilter])
  const narrowed = q !== '' || status !== 'active'
  return (
    <div className="grid gap-3">
      <EnvironmentNote name={environment} />
      <div className="flex flex-wrap items-center gap-2">
        <Search label="Search API keys" value={q} onSearch={search} />
        <Select
          label="State"
          quietLabel
          className="w-auto!"
          value={status}
          onChange={(event) => onFilter({ status: event.target.value })}
        >
          {states.map(([value, words]) => (
            <option key={value} value={value}>
              {words}
            </option>
          ))}
        </Select>
        {chosen.length > 0 && (
          <div className="flex flex-wrap items-center gap-2 sm:ml-auto" role="group" aria-label="Selected keys">
            <span className="text-quiet">{chosen.length} selected</span>
            <Button size="small" onClick={() => setSelected(new Set())}>
              Clear
            </Button>
            <Button size="small" look="danger" onClick={() => setRevoking(true)}>
              Revoke selected
            </Button>
          </div>
        )}
      </div>
      <ListTable
        list={list}
        caption={`${environmentWord(environment)} API keys`}
        columns={keyColumns(rights)}
        keyOf={({ id }) => id}
        nameOf={({ name }) => name}
        sort={sortOf(sort)}
        onSort={({ by, descending }) => onFilter({ sort: `${descending ? '-' : ''}${by}` })}
        {...(rights.all && status !== 'revoked' && { selection: { selected, onSelect: setSelected } })}
        empty={
          narrowed ? (
            <Empty
              title="No key is like that"
              level={3}
              actions={<Button onClick={() => onFilter({ q: '', status: 'active' })}>Show all that work</Button>}
            >
              Search for a part of a key’s name, or for its last four characters.
            </Empty>
          ) : (
            <Empty
              title={`No ${environment} keys yet`}
              level={3}
              actions={
                rights.create && (
                  <Button look="primary" onClick={onCreate}>
                    Create API Key
                  </Button>
                )
              }
            >
              A key lets a program call the APIs for this organization. Make one for each program, so that you can
              revoke it alone.
            </Empty>
          )
        }
      />
      {revoking && chosen.length > 0 && (
        <RevokeKeysDialog
          organizationId={organizationId}
          keys={chosen}
          onDone={() => setSelected(new Set())}
          onClose={() => setRevoking(false)}
        />
      )}
    </div>
  )
}

export const ApiKeysPage = () => {
  const { organizationId } = useParams({ from: '/organizations/$organizationId/settings/api-keys' })
  const asked = useSearch({ from: '/organizations/$organizationId/settings/api-keys' })
  const navigate = useNavigate({ from: '/organizations/$organizationId/settings/api-keys' })
  const { environments } = useDeployment()
  const rights = useKeyRights(organizationId)
  const [creating, setCreating] = useState(false)
  const environment = environments.find((name) => name === asked.environment) ?? environments[0] ?? ''
  const filters = {
    environment,
    q: asked.q ?? '',
    status: asked.status ?? 'active',
    sort: asked.sort ?? '-created',
  }
  const onFilter = useCallback(
    (changed: Partial<Filters>) =>
      void navigate({
        search: (before) => {
          const { q, status, sort, ...rest } = { ...before, ...changed }
          return {
            ...rest,
            ...(q && { q }),
            ...(status && status !== 'active' && { status }),
            ...(sort && sort !== '-created' && { sort }),
          }
        },
        replace: true,
        resetScroll: false,
      }),
    [navigate],
  )
  return (
    <Page
      title="API Keys"
      lead="What programs of this organization call the APIs with."
      actions={
        rights.create && (
          <Button look="primary" onClick={() => setCreating(true)}>
            <PlusIcon /> Create API Key
          </Button>
        )
      }
    >
      <Section title="Keys">
        <Tabs label="Environments">
          {environments.map((name) => (
            <Tab
              key={name}
              to="/organizations/$organizationId/settings/api-keys"
              params={{ organizationId }}
              search={name === environments[0] ? {} : { environment: name }}
              aria-current={name === environment ? 'page' : undefined}
            >
              {environmentWord(name)}
            </Tab>
          ))}
        </Tabs>
        <Keys
          key={environment}
          organizationId={organizationId}
          filters={filters}
          onFilter={onFilter}
          onCreate={() => setCreating(true)}
        />
      </Section>
      <ClientsSection organizationId={organizationId} />
      {creating && (
        <CreateKeyDialog organizationId={organizationId} environment={environment} onClose={() => setCreating(false)} />
      )}
    </Page>
  )
}
