// Lists of things with columns: a table where there is room, on phones a stack of rows that say their columns' names.
import { type ReactNode, useId } from 'react'
import type { List } from '../api/list.ts'
import { Button } from './button.tsx'
import { ChevronIcon, UpDownIcon } from './icons.tsx'
import { ErrorNotice } from './notice.tsx'
import { Skeleton } from './skeleton.tsx'

export interface Column<T> {
  name: string
  cell: (row: T) => ReactNode
  /** The name is there for screen readers only, as above buttons. */
  quiet?: boolean
  /** Numbers. */
  right?: boolean
  /** What the list is asked to be sorted by. */
  sort?: string
}

export interface Sort {
  by: string
  descending: boolean
}

interface Selection {
  /** Keys of rows. */
  selected: ReadonlySet<string>
  onSelect: (selected: ReadonlySet<string>) => void
}

export interface TableProps<T> {
  /** What it lists, for screen readers: `API keys`. */
  caption: string
  columns: readonly Column<T>[]
  /** undefined: not here yet. */
  rows: readonly T[] | undefined
  keyOf: (row: T) => string
  /** What a row is called: the name of its checkbox. */
  nameOf?: (row: T) => string
  /** Shown in place of no rows. */
  empty: ReactNode
  /** Whether the rows are about to be replaced. */
  busy?: boolean
  sort?: Sort
  onSort?: (sort: Sort) => void
  selection?: Selection
}

const Heading = <T,>({ column, sort, onSort }: { column: Column<T> } & Pick<TableProps<T>, 'sort' | 'onSort'>) => {
  const { name, quiet, right, sort: by } = column
  const sorted = by !== undefined && sort?.by === by
  const look = `px-3 py-2 text-sm font-medium text-quiet first:pl-4 last:pr-4 ${right ? 'text-right' : 'text-left'}`
  if (by === undefined || !onSort)
    return (
      <th scope="col" className={look}>
        <span className={quiet ? 'unseen' : ''}>{name}</span>
      </th>
    )
  return (
    <th scope="col" className={look} aria-sort={sorted ? (sort.descending ? 'descending' : 'ascending') : 'none'}>
      <button
        type="button"
        className={`inline-flex items-center gap-1 rounded-sm hover:text-text ${sorted ? 'text-text' : ''}`}
        onClick={() => onSort({ by, descending: sorted ? !sort.descending : false })}
      >
        {name}
        {sorted ? (
          <ChevronIcon className={`size-3.5 ${sort.descending ? '' : 'rotate-180'}`} />
        ) : (
          <UpDownIcon className="size-3.5" />
        )}
      </button>
    </th>
  )
}

export const Table = <T,>({
  caption,
  columns,
  rows,
  keyOf,
  nameOf = keyOf,
  empty,
  busy = false,
  sort,
  onSort,
  selection,
}: TableProps<T>) => {
  const id = useId()
  if (rows?.length === 0) return <>{empty}</>
  const keys = rows?.map(keyOf) ?? []
  const chosen = selection ? keys.filter((key) => selection.selected.has(key)) : []
  const choose = (changed: readonly string[], on: boolean): void => {
    if (!selection) return
    const next = new Set(selection.selected)
    for (const key of changed)
      if (on) next.add(key)
      else next.delete(key)
    selection.onSelect(next)
  }
  return (
    <div
      className={`card overflow-x-auto max-md:border-0 max-md:bg-transparent ${busy ? 'opacity-60' : ''}`}
      aria-busy={busy || !rows}
      data-waiting={rows ? undefined : ''}
    >
      <table className="w-full border-collapse max-md:block">
        <caption className="unseen">{caption}</caption>
        <thead className="border-b border-line max-md:sr-only">
          <tr>
            {selection && (
              <th scope="col" className="w-9 py-2 pl-4 text-left">
                <input
                  type="checkbox"
                  aria-label="Select all on this page"
                  className="block size-4"
                  checked={keys.length > 0 && chosen.length === keys.length}
                  ref={(box) => {
                    if (box) box.indeterminate = chosen.length > 0 && chosen.length < keys.length
                  }}
                  onChange={(event) => choose(keys, event.target.checked)}
                />
              </th>
            )}
            {columns.map((column) => (
              <Heading key={column.name} column={column} {...(sort && { sort })} {...(onSort && { onSort })} />
            ))}
          </tr>
        </thead>
        <tbody className="max-md:grid max-md:gap-2.5">
          {rows
            ? rows.map((row) => {
                const key = keyOf(row)
                return (
                  <tr
                    key={key}
                    className="border-line not-first:border-t hover:bg-sunken/60 max-md:grid max-md:gap-1.5 max-md:rounded-lg max-md:border max-md:bg-card max-md:p-3.5 max-md:hover:bg-card"
                  >
                    {selection && (
                      <td className="py-2.5 pl-4 align-top max-md:p-0">
                        <input
                          type="checkbox"
                          aria-label={`Select ${nameOf(row)}`}
                          className="mt-[0.1875rem] block size-4"
                          checked={selection.selected.has(key)}
                          onChange={(event) => choose([key], event.target.checked)}
                        />
                      </td>
                    )}
                    {columns.map(({ name, cell, quiet, right }, index) => (
                      <td
                        key={name}
                        className={`px-3 py-2.5 align-top first:pl-4 last:pr-4 max-md:flex max-md:items-baseline max-md:justify-between max-md:gap-4 max-md:p-0! ${index === 0 ? 'md:min-w-40' : ''} ${right ? 'text-right tabular-nums' : ''}`}
                      >
                        {index > 0 && !quiet && (
                          <span aria-hidden="true" className="shrink-0 text-sm text-quiet md:hidden">
                            {name}
                          </span>
                        )}
                        <div className={`min-w-0 ${index > 0 && !quiet ? 'max-md:text-right' : 'max-md:w-full'}`}>
                          {cell(row)}
                        </div>
                      </td>
                    ))}
                  </tr>
                )
              })
            : Array.from({ length: 5 }, (_, row) => (
                <tr
                  key={`${id}-${row}`}
                  className="border-line not-first:border-t max-md:grid max-md:rounded-lg max-md:border max-md:bg-card max-md:p-3.5"
                >
                  {selection && <td />}
                  {columns.map(({ name }, index) => (
                    <td key={name} className={`px-3 py-3.5 first:pl-4 max-md:p-1! ${index > 1 ? 'max-md:hidden' : ''}`}>
                      <Skeleton className={`h-3.5 ${index === 0 ? 'w-40' : 'w-20'} max-w-full`} />
                    </td>
                  ))}
                </tr>
              ))}
        </tbody>
      </table>
    </div>
  )
}

/** Forwards and back; nothing where there is but one page. */
export const Pagination = ({ list, label }: { list: List<unknown>; label: string }) => {
  const { page, next, previous } = list
  if (page === 1 && !next) return null
  return (
    <nav aria-label={`Pages of ${label}`} className="flex items-center justify-end gap-2">
      <span className="mr-1 text-sm text-quiet tabular-nums">Page {page}</span>
      <Button size="small" onClick={previous} disabled={!previous}>
        Previous
      </Button>
      <Button size="small" onClick={next} disabled={!next}>
        Next
      </Button>
    </nav>
  )
}

/** A list of the API as a table with its pages: rows on their way, none, or an error each in their place. */
export const ListTable = <T,>({ list, ...rest }: { list: List<T> } & Omit<TableProps<T>, 'rows' | 'busy'>) =>
  list.error && !list.rows ? (
    <ErrorNotice error={list.error} again={list.again} />
  ) : (
    <div className="grid gap-3">
      <Table {...rest} rows={list.rows} busy={list.busy} />
      <Pagination list={list} label={rest.caption} />
    </div>
  )
