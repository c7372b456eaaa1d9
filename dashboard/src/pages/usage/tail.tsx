// The latest requests, as they are made: a list that renews itself until it is paused, and each of them explained at an address of its own.
import { Link, useLocation } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import type { DecisionJson } from '../../../../src/usage/decisions.ts'
import { useList } from '../../api/list.ts'
import type { PageSearch } from '../../router.tsx'
import { Badge } from '../../kit/badge.tsx'
import { Button } from '../../kit/button.tsx'
import { Empty } from '../../kit/empty.tsx'
import { Select } from '../../kit/field.tsx'
import { type Column, ListTable } from '../../kit/table.tsx'
import { Segments } from '../../kit/tabs.tsx'
import { Time } from '../../kit/time.tsx'
import { ApiSelect } from './api-select.tsx'
import { ExplanationDialog } from './explanation.tsx'
import type { Place } from './place.ts'
import { codeWords, credentialWords, denials, kindWords } from './words.ts'

const everyMs = 2_000

type Outcome = 'all' | 'allowed' | 'denied'

const readOutcome = (text: string | undefined): Outcome => (text === 'allowed' || text === 'denied' ? text : 'all')

const Result = ({ code }: { code: string }) => (
  <Badge look={code === 'valid' ? 'good' : code === 'rate_limit_exceeded' ? 'warn' : 'bad'}>{codeWords(code)}</Badge>
)

export const requestsLead =
  'The last day’s latest 1,000, as they come in. Where they are many, some of those let in are left out here; Usage counts them all.'

export interface TailProps {
  place: Place
  search: PageSearch
  /** Changes the address; undefined takes a filter out. */
  onSearch: (changed: PageSearch) => void
  /** Where there are none at all. */
  empty: ReactNode
}

export const Tail = ({ place, search, onSearch, empty }: TailProps) => {
  const { pathname } = useLocation()
  const [paused, setPaused] = useState(false)
  const { request, code, api, credential_id } = search
  const outcome = readOutcome(search.outcome)
  const open = request !== undefined
  const query = { outcome: outcome === 'all' ? undefined : outcome, code, api, credential_id, limit: 50 }
  const [page, setPage] = useState(1)
  const live = !paused && !open && page === 1
  const list = useList<DecisionJson>(
    ['decisions', place.path],
    `${place.path}/decisions`,
    query,
    live ? { refetchInterval: everyMs } : {},
  )
  if (list.page !== page) setPage(list.page)
  const filtered = outcome !== 'all' || code !== undefined || api !== undefined || credential_id !== undefined
  const first = list.rows?.find((row) => row.credential_id === credential_id)
  const columns: readonly Column<DecisionJson>[] = [
    {
      name: 'Request',
      cell: ({ id, method, path, code: result }) => (
        <Link
          to={pathname}
          search={{ ...search, request: id }}
          resetScroll={false}
          className={`text-accent hover:underline ${path === null ? '' : 'font-mono text-sm break-all'}`}
        >
          {path === null ? 'Checked through verify' : `${method ?? ''} ${path}`}
          <span className="unseen">, {codeWords(result)}</span>
        </Link>
      ),
    },
    { name: 'Result', cell: ({ code: result }) => <Result code={result} /> },
    {
      name: 'API',
      cell: ({ api: name, environment }) => (
        <>
          {name}
          {environment !== null && <span className="text-quiet"> {environment}</span>}
        </>
      ),
    },
    ...(place.requests === undefined
      ? []
      : [
          {
            name: 'Credential',
            cell: ({ credential_kind: kind, credential_name: name, user_name }: DecisionJson) => (
              <>
                {credentialWords({ name, user_name, kind })}
                {name !== null && kind !== 'api_key' && <span className="text-quiet"> {kindWords(kind)}</span>}
              </>
            ),
          },
        ]),
    {
      name: 'From',
      cell: ({ ip }) => <p className="text-sm break-all md:min-w-28 xl:whitespace-nowrap">{ip ?? 'Not known'}</p>,
    },
    { name: 'Time', cell: ({ at }) => <Time at={at} form="clock" />, right: true },
  ]
  return (
    <div className="grid gap-4">
      <div className="flex flex-wrap items-center gap-2">
        {/* of credentials that nobody has, none is ever let in */}
        {place.requests !== undefined && (
          <Segments
            label="Outcome"
            value={outcome}
            onChange={(value) =>
              onSearch({
                outcome: value === 'all' ? undefined : value,
                ...(value === 'allowed' && { code: undefined }),
              })
            }
            options={[
              ['all', 'All'],
              ['allowed', 'Let in'],
              ['denied', 'Denied'],
            ]}
          />
        )}
        <div className="grid grid-cols-2 gap-2 max-sm:w-full">
          <Select
            label="Result"
            quietLabel
            value={code ?? ''}
            onChange={(event) => onSearch({ code: event.target.value || undefined, outcome: undefined })}
          >
            <option value="">Any result</option>
            {denials.map((each) => (
              <option key={each} value={each}>
                {codeWords(each)}
              </option>
            ))}
          </Select>
          <ApiSelect value={api} onChange={(value) => onSearch({ api: value || undefined })} />
        </div>
        <div className="ml-auto flex items-center gap-3">
          <p role="status" className="flex items-center gap-2 text-sm text-quiet">
            <span
              aria-hidden="true"
              className={`size-2 rounded-full ${live ? 'bg-good' : 'border border-edge bg-transparent'}`}
            />
            {live ? 'Live' : paused ? 'Paused' : open ? 'Held while you read' : 'Held on later pages'}
          </p>
          <Button size="small" onClick={() => setPaused(!paused)}>
            {paused ? 'Resume' : 'Pause'}
          </Button>
        </div>
      </div>
      {credential_id !== undefined && (
        <p className="flex flex-wrap items-center gap-2">
          <span>
            Only{' '}
            <strong>
              {first
                ? credentialWords({
                    name: first.credential_name,
                    user_name: first.user_name,
                    kind: first.credential_kind,
                  })
                : 'one credential'}
            </strong>
          </span>
          <Button size="small" onClick={() => onSearch({ credential_id: undefined })}>
            Show all
          </Button>
        </p>
      )}
      <ListTable
        caption="Latest requests"
        list={list}
        columns={columns}
        keyOf={({ id }) => id}
        empty={
          filtered ? (
            <Empty
              title="Nothing of this kind in the last day"
              actions={
                <Button
                  onClick={() =>
                    onSearch({ outcome: undefined, code: undefined, api: undefined, credential_id: undefined })
                  }
                >
                  Show all requests
                </Button>
              }
            >
              <p>It shows here as soon as it happens.</p>
            </Empty>
          ) : (
            empty
          )
        }
      />
      {request !== undefined && (
        <ExplanationDialog id={request} place={place} onClose={() => onSearch({ request: undefined })} />
      )}
    </div>
  )
}
