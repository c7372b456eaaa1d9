// /organizations/…/usage: what an organization's credentials ask for, and what is left of its quotas.
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { ErrorNotice } from '../../kit/notice.tsx'
import { Card, Section } from '../../kit/page.tsx'
import { SkeletonLines } from '../../kit/skeleton.tsx'
import { FirstRequest } from './first-request.tsx'
import { placeOfOrganization } from './place.ts'
import { QuotaMeter } from './quota-meter.tsx'
import { quotasQuery } from './usage-queries.ts'
import { UsageView } from './usage-view.tsx'

const Quotas = ({ organizationId }: { organizationId: string }) => {
  const { data, error, refetch } = useQuery(quotasQuery(organizationId))
  if (data?.length === 0) return null
  return (
    <Section title="Quota">
      <Card className="grid gap-6 p-4 sm:p-5">
        {data ? (
          data.map((quota) => (
            <QuotaMeter key={`${quota.api} ${quota.limit_name} ${quota.environment}`} quota={quota} />
          ))
        ) : error ? (
          <ErrorNotice error={error} again={() => void refetch()} />
        ) : (
          <SkeletonLines count={2} />
        )}
      </Card>
    </Section>
  )
}

export const UsagePage = () => {
  const { organizationId } = useParams({ from: '/organizations/$organizationId/usage' })
  const search = useSearch({ from: '/organizations/$organizationId/usage' })
  const navigate = useNavigate({ from: '/organizations/$organizationId/usage' })
  return (
    <UsageView
      place={placeOfOrganization(organizationId)}
      lead="What your keys, tokens and clients ask for."
      search={search}
      onSearch={(changed) =>
        void navigate({ search: (before) => ({ ...before, ...changed }), replace: true, resetScroll: false })
      }
      quotas={<Quotas organizationId={organizationId} />}
      empty={<FirstRequest organizationId={organizationId} level={3} />}
    />
  )
}
