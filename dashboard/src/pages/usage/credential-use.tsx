// Who uses a credential: what people look at before they revoke or replace it.
import { useQuery } from '@tanstack/react-query'
import type { Use } from '../../../../src/usage/use.ts'
import { api } from '../../api/client.ts'
import { count } from '../../kit/number.ts'
import { ErrorNotice, Notice } from '../../kit/notice.tsx'
import { SkeletonLines } from '../../kit/skeleton.tsx'
import { Time, relativeTime } from '../../kit/time.tsx'

const day = 86_400_000

/** `path`: of the credential, such as `/account/tokens/…`. */
export const useCredentialUse = (path: string) =>
  useQuery({
    queryKey: ['use', path],
    queryFn: ({ signal }) => api.get<Use>(`${path}/use`, undefined, signal),
    // somebody who moves an integration over watches it stop
    staleTime: 0,
    refetchInterval: 5_000,
  })

/** Whether it was used within so many days before now. */
export const usedWithin = ({ last_used_at }: Pick<Use, 'last_used_at'>, days: number): boolean =>
  last_used_at !== null && Date.now() - Date.parse(last_used_at) < days * day

const Sightings = ({ title, entries }: { title: string; entries: Use['networks'] }) =>
  entries.length === 0 ? null : (
    <div className="min-w-0">
      <h3 className="mb-1 text-sm font-medium text-quiet">{title}</h3>
      <ul className="grid gap-1">
        {entries.slice(0, 8).map(({ value, last_at }) => (
          <li key={value} className="flex flex-wrap items-baseline justify-between gap-x-3">
            <code className="min-w-0 break-all">{value}</code>
            <span className="text-sm text-quiet">
              <Time at={last_at} />
            </span>
          </li>
        ))}
      </ul>
      {entries.length > 8 && <p className="mt-1 text-sm text-quiet">and {entries.length - 8} more</p>}
    </div>
  )

const AllSightings = ({ use: { networks, agents, endpoints } }: { use: Use }) =>
  networks.length + agents.length + endpoints.length === 0 ? null : (
    <div className="grid gap-4 sm:grid-cols-2">
      <Sightings title="From" entries={networks} />
      <Sightings title="With" entries={agents} />
      <Sightings title="For" entries={endpoints} />
    </div>
  )

/** In a sentence: when last, how often, from where. */
const inWords = ({ last_used_at, calls_24h, denied_24h, networks }: Use): string => {
  if (last_used_at === null) return 'It has never been used.'
  const places = networks.filter(({ last_at }) => Date.now() - Date.parse(last_at) < 7 * day).length
  const calls = calls_24h === 0 ? 'no requests' : calls_24h === 1 ? '1 request' : `${count(calls_24h)} requests`
  const from = places === 0 ? '' : places === 1 ? ' from 1 network' : ` from ${places} networks`
  const denied = denied_24h === 0 ? '' : ` and ${count(denied_24h)} denied`
  return `Last used ${relativeTime(Date.parse(last_used_at))}; ${calls}${denied} in the last 24 hours${from === '' ? '' : `, in the last week${from}`}.`
}

/** When last, and from where, with what and for what, latest first. */
export const CredentialUse = ({ path }: { path: string }) => {
  const { data, error, refetch } = useCredentialUse(path)
  if (error) return <ErrorNotice error={error} again={() => void refetch()} />
  if (!data) return <SkeletonLines count={2} />
  return (
    <div className="grid gap-3">
      <p>{inWords(data)}</p>
      <AllSightings use={data} />
    </div>
  )
}

/** What will stop working when the credential of `path` goes. */
export const WhatBreaks = ({ path, noun }: { path: string; noun: string }) => {
  const { data, error } = useCredentialUse(path)
  if (error)
    return (
      <Notice look="warn" title={`It could not be found out who uses this ${noun}.`}>
        Whatever uses it stops working.
      </Notice>
    )
  if (!data) return <SkeletonLines count={2} />
  if (!usedWithin(data, 7))
    return (
      <Notice
        look="info"
        title={data.last_used_at === null ? 'It has never been used.' : 'It has not been used for a week.'}
      >
        {data.last_used_at !== null && <>Last used {relativeTime(Date.parse(data.last_used_at))}.</>}
      </Notice>
    )
  return (
    <div className="grid gap-3">
      <Notice look="warn" title="It is in use: whatever uses it stops working at once.">
        {inWords(data)}
      </Notice>
      <AllSightings use={data} />
    </div>
  )
}
