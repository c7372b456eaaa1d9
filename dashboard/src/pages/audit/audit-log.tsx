// The audit trail as a list: filters in the address, rows that open, and the same entries as a file.
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import type { AuditEntry } from '../../../../src/audit/list.ts'
import { ask } from '../../api/client.ts'
import { useList } from '../../api/list.ts'
import type { PageSearch } from '../../router.tsx'
import { Button } from '../../kit/button.tsx'
import { useAction } from '../../kit/dialog.tsx'
import { Empty } from '../../kit/empty.tsx'
import { Select, TextField } from '../../kit/field.tsx'
import { ErrorNotice } from '../../kit/notice.tsx'
import { Page } from '../../kit/page.tsx'
import { Search } from '../../kit/search.tsx'
import { type Column, ListTable } from '../../kit/table.tsx'
import { Time } from '../../kit/time.tsx'
import { toast } from '../../kit/toast.tsx'
import { EntryDialog } from './entry-dialog.tsx'
import { actionInWords } from './words.ts'

const filterNames = ['q', 'action', 'user_id', 'actor_id', 'target_id', 'since', 'until'] as const

/** Midnight of a date where the person is, as the API takes it; `later`: of the day after. */
const midnight = (date: string | undefined, later: boolean): string | undefined => {
  const at = date === undefined ? undefined : new Date(`${date}T00:00`)
  if (!at || Number.isNaN(at.getTime())) return undefined
  if (later) at.setDate(at.getDate() + 1)
  return at.toISOString()
}

const zone = new Intl.DateTimeFormat('en-GB', { timeZoneName: 'short' })
  .formatToParts(new Date())
  .find(({ type }) => type === 'timeZoneName')?.value

const useFilters = () => {
  const search: PageSearch = useSearch({ strict: false })
  const navigate = useNavigate()
  const set = (change: PageSearch): void => {
    const next = Object.fromEntries(
      filterNames.flatMap((name) => {
        const value = name in change ? change[name] : search[name]
        return value === undefined || value === '' ? [] : [[name, value]]
      }),
    )
    void navigate({ to: '.', search: next, replace: true })
  }
  const { since, until, ...rest } = search
  const query = Object.fromEntries(
    Object.entries({ ...rest, since: midnight(since, false), until: midnight(until, true) }).filter(
      ([name, value]) => value !== undefined && (filterNames as readonly string[]).includes(name),
    ),
  )
  return { search, set, query, narrowed: Object.keys(query).length > 0 }
}

/** The entries as they are filtered, kept as a file by the browser. */
const save = async (path: string, format: 'csv' | 'json', query: Record<string, string | undefined>): Promise<void> => {
  const response = await ask('GET', `${path}/export`, { query: { ...query, format } })
  const name = /filename="([^"]+)"/.exec(response.headers.get('content-disposition') ?? '')?.[1]
  const link = document.createElement('a')
  link.href = URL.createObjectURL(await response.blob())
  link.download = name ?? `audit.${format}`
  link.click()
  URL.revokeObjectURL(link.href)
  toast(`Saved ${link.download}.`)
}

const Who = ({ entry }: { entry: AuditEntry }) => {
  if (entry.user_id !== null) return <>{entry.user_name ?? <span className="text-quiet">Gone</span>}</>
  return <span className="text-quiet">{entry.actor_name ?? entry.actor_kind.replaceAll('_', ' ')}</span>
}

export interface AuditLogProps {
  /** Of the API, such as `/organizations/…/audit`. */
  path: string
  lead: string
  kinds: readonly (readonly [filter: string, label: string])[]
  people: readonly { id: string; name: string }[]
}

export const AuditLog = ({ path, lead, kinds, people }: AuditLogProps) => {
  const { search, set, query, narrowed } = useFilters()
  const [opened, setOpened] = useState<AuditEntry>()
  const list = useList<AuditEntry>(['audit', path], path, query)
  const exporting = useAction((format: 'csv' | 'json') => save(path, format, query))
  const columns: readonly Column<AuditEntry>[] = [
    {
      name: 'What',
      cell: (entry) => (
        <button
          type="button"
          className="text-left font-medium text-accent hover:underline"
          onClick={() => setOpened(entry)}
        >
          {actionInWords(entry.action)}
          {entry.target_name !== null && <span className="font-normal text-text"> {entry.target_name}</span>}
        </button>
      ),
    },
    { name: 'Who', cell: (entry) => <Who entry={entry} /> },
    { name: 'From', cell: ({ ip }) => <span className="text-quiet">{ip ?? '–'}</span> },
    { name: 'When', cell: ({ at }) => <Time at={at} /> },
  ]
  return (
    <Page
      title="Audit log"
      lead={lead}
      actions={
        <>
          <Button busy={exporting.busy} onClick={() => exporting.run('csv')}>
            Export CSV
          </Button>
          <Button busy={exporting.busy} onClick={() => exporting.run('json')}>
            Export JSON
          </Button>
        </>
      }
    >
      <ErrorNotice error={exporting.error} />
      <div className="grid gap-3">
        <div className="grid grid-cols-2 items-end gap-3 lg:grid-cols-[2fr_1fr_1fr_auto_auto]">
          <Search
            label="Search actions"
            placeholder="Action, or a target’s id"
            className="w-full max-lg:col-span-2"
            value={search.q ?? ''}
            onSearch={(q) => set({ q })}
          />
          <Select label="Kind" value={search.action ?? ''} onChange={(event) => set({ action: event.target.value })}>
            <option value="">All kinds</option>
            {kinds.map(([filter, label]) => (
              <option key={filter} value={filter}>
                {label}
              </option>
            ))}
            {search.action !== undefined && !kinds.some(([filter]) => filter === search.action) && (
              <option value={search.action}>{actionInWords(search.action)}</option>
            )}
          </Select>
          <Select
            label="Person"
            value={search.user_id ?? ''}
            onChange={(event) => set({ user_id: event.target.value, actor_id: undefined })}
          >
            <option value="">Everybody</option>
            {people.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
            {search.user_id !== undefined && !people.some(({ id }) => id === search.user_id) && (
              <option value={search.user_id}>Somebody else</option>
            )}
          </Select>
          <TextField
            label={`From (${zone})`}
            type="date"
            value={search.since ?? ''}
            max={search.until}
            onChange={(event) => set({ since: event.target.value })}
          />
          <TextField
            label={`To (${zone})`}
            type="date"
            value={search.until ?? ''}
            min={search.since}
            onChange={(event) => set({ until: event.target.value })}
          />
        </div>
        {narrowed && (
          <div className="flex flex-wrap items-center gap-2 text-sm text-quiet">
            {search.target_id !== undefined && (
              <span>
                About one target, <code className="break-all">{search.target_id}</code>
              </span>
            )}
            {search.actor_id !== undefined && (
              <span>
                By one actor, <code className="break-all">{search.actor_id}</code>
              </span>
            )}
            <Button size="small" onClick={() => set(Object.fromEntries(filterNames.map((name) => [name, undefined])))}>
              Clear filters
            </Button>
          </div>
        )}
      </div>
      <ListTable
        caption="Audit log"
        list={list}
        columns={columns}
        keyOf={({ id }) => id}
        empty={
          <Empty title={narrowed ? 'Nothing matches' : 'Nothing has happened yet'}>
            {narrowed
              ? list.next
                ? 'Nothing among the newer entries. Go on to the older ones, or clear a filter.'
                : 'Clear a filter, or choose a longer time.'
              : 'Every change is told here: who made it, when, and from where.'}
          </Empty>
        }
      />
      {opened && (
        <EntryDialog
          entry={opened}
          onClose={() => setOpened(undefined)}
          onFilter={(filter) => {
            setOpened(undefined)
            set({ user_id: undefined, actor_id: undefined, target_id: undefined, ...filter })
          }}
        />
      )}
    </Page>
  )
}
