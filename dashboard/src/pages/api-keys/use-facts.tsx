// Who still uses a key: what to look at before it is taken away.
import { useState } from 'react'
import { useQuery } from '@tanstack/react-query'
import type { Use } from '../../../../src/usage/use.ts'
import { api } from '../../api/client.ts'
import { Notice } from '../../kit/notice.tsx'
import { Facts } from '../../kit/page.tsx'
import { SkeletonLines } from '../../kit/skeleton.tsx'
import { Time } from '../../kit/time.tsx'
import { type ApiKey, keysKey, keysPath } from './keys.ts'

const shown = 4

const Seen = ({ entries, none }: { entries: Use['networks']; none: string }) =>
  entries.length === 0 ? (
    <span className="text-quiet">{none}</span>
  ) : (
    <ul className="grid gap-0.5">
      {entries.slice(0, shown).map(({ value, last_at }) => (
        <li key={value} className="flex flex-wrap justify-between gap-x-3">
          <code className="break-all">{value}</code> <Time at={last_at} />
        </li>
      ))}
      {entries.length > shown && <li className="text-quiet">and {entries.length - shown} more</li>}
    </ul>
  )

const count = new Intl.NumberFormat('en-GB')

/** `watch`: goes on asking, as long as it is looked at. */
const useKeyUse = ({ organization_id, id }: ApiKey, watch = false) =>
  useQuery({
    queryKey: [...keysKey(organization_id), id, 'use'],
    queryFn: ({ signal }) => api.get<Use>(`${keysPath(organization_id)}/${id}/use`, undefined, signal),
    staleTime: 0,
    ...(watch && { refetchInterval: 5_000 }),
  })

export const UseFacts = ({ apiKey, watch = false }: { apiKey: ApiKey; watch?: boolean }) => {
  const { data: use, error } = useKeyUse(apiKey, watch)
  const [openedAt] = useState(Date.now)
  if (error) return <Notice look="warn">Who uses it could not be found out: {error.message}</Notice>
  if (!use) return <SkeletonLines count={4} />
  const { last_used_at, calls_24h, denied_24h, networks, agents, endpoints } = use
  const unused = last_used_at === null && calls_24h === 0
  // counts are written some seconds after the use
  const recent = calls_24h > 0 || (last_used_at !== null && Date.parse(last_used_at) > openedAt - 86_400_000)
  return (
    <div className="grid gap-3">
      {unused ? (
        <Notice look="good">It has never been used.</Notice>
      ) : recent ? (
        <Notice
          look="warn"
          title={
            calls_24h > 0
              ? `It is in use: ${count.format(calls_24h)} ${calls_24h === 1 ? 'call' : 'calls'} in the last 24 hours.`
              : 'It was used in the last 24 hours.'
          }
        />
      ) : (
        <Notice>No calls in the last 24 hours.</Notice>
      )}
      {!unused && (
        <Facts
          facts={[
            ['Last used', <Time key="time" at={last_used_at} />],
            ['Calls in 24 hours', `${count.format(calls_24h)} let in, ${count.format(denied_24h)} refused`],
            ['From', <Seen key="from" entries={networks} none="Not known" />],
            ['With', <Seen key="with" entries={agents} none="Not known" />],
            ['Endpoints', <Seen key="for" entries={endpoints} none="Not known" />],
          ]}
        />
      )}
    </div>
  )
}
