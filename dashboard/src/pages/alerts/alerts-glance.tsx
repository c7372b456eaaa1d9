// The newest alerts, for the overview of an organization.
import { Link } from '@tanstack/react-router'
import type { Alert } from '../../../../src/alerts/alert.ts'
import { useList } from '../../api/list.ts'
import { ErrorNotice } from '../../kit/notice.tsx'
import { Card, Section } from '../../kit/page.tsx'
import { SkeletonLines } from '../../kit/skeleton.tsx'
import { Time } from '../../kit/time.tsx'

const shown = 3

export const AlertsGlance = ({ organizationId }: { organizationId: string }) => {
  const path = `/organizations/${organizationId}/alerts`
  const { rows, error, next, again } = useList<Alert>(['alerts', path], path, { status: 'open', limit: shown })
  return (
    <Section
      title="Alerts"
      actions={
        <Link to="/organizations/$organizationId/alerts" params={{ organizationId }} className="text-accent">
          {next ? 'See all alerts' : 'See alerts'}
        </Link>
      }
    >
      <Card>
        {error && !rows ? (
          <ErrorNotice error={error} again={again} />
        ) : !rows ? (
          <SkeletonLines count={shown} />
        ) : rows.length === 0 ? (
          <p className="text-quiet">All quiet.</p>
        ) : (
          <ul className="grid gap-2.5">
            {rows.map((alert) => (
              <li key={alert.id} className="flex flex-wrap items-baseline justify-between gap-x-4">
                <Link to={alert.path} className="min-w-0 text-text">
                  {alert.title}
                </Link>
                <span className="text-sm text-quiet">
                  <Time at={alert.created_at} />
                </span>
              </li>
            ))}
          </ul>
        )}
      </Card>
    </Section>
  )
}
