// What stops working without an organization, in words and numbers.
import { useQuery } from '@tanstack/react-query'
import type { Impact } from '../../../../src/accounts/organizations/impact.ts'
import { api } from '../../api/client.ts'
import { ErrorNotice } from '../../kit/notice.tsx'
import { SkeletonLines } from '../../kit/skeleton.tsx'

const counted = (count: number, one: string, many: string): string | undefined =>
  count === 0 ? undefined : `${count.toLocaleString('en-GB')} ${count === 1 ? one : many}`

const lines = (impact: Impact): string[] =>
  [
    counted(
      impact.api_keys,
      'API key is refused from the next request on',
      'API keys are refused from the next request on',
    ),
    counted(impact.clients, 'OAuth client gets no more tokens', 'OAuth clients get no more tokens'),
    counted(impact.tokens, 'token reaches it no more', 'tokens reach it no more'),
    counted(impact.applications, 'connected application is cut off', 'connected applications are cut off'),
    counted(impact.webhooks, 'webhook is sent nothing any more', 'webhooks are sent nothing any more'),
    counted(impact.members, 'person loses access', 'people lose access'),
  ].filter((line) => line !== undefined)

export const ImpactOf = ({ organizationId }: { organizationId: string }) => {
  const { data, error, refetch } = useQuery({
    queryKey: ['organizations', organizationId, 'impact'],
    queryFn: ({ signal }) => api.get<Impact>(`/organizations/${organizationId}/impact`, undefined, signal),
    staleTime: 0,
  })
  if (error) return <ErrorNotice error={error} again={() => void refetch()} />
  if (!data) return <SkeletonLines count={4} />
  return (
    <div>
      <ul className="list-disc pl-5">
        {lines(data).map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      <p className="mt-2">
        {data.calls_24h === 0
          ? 'It has made no requests in the last 24 hours.'
          : `In the last 24 hours ${data.calls_24h.toLocaleString('en-GB')} of its requests were let in.`}
      </p>
    </div>
  )
}
