// What stands in a page's place: while it is on its way, where there is none, and where it failed.
import { useQuery } from '@tanstack/react-query'
import { type ErrorComponentProps, useParams } from '@tanstack/react-router'
import { ApiError } from '../api/client.ts'
import { queryClient, suspendedQuery } from '../api/queries.ts'
import { Button, ButtonLink } from '../kit/button.tsx'
import { ErrorNotice, Notice } from '../kit/notice.tsx'
import { Page } from '../kit/page.tsx'
import { Time } from '../kit/time.tsx'
import { Skeleton, SkeletonLines } from '../kit/skeleton.tsx'

export const Pending = () => (
  <div className="mx-auto grid w-full max-w-5xl gap-6">
    <Skeleton className="h-8 w-48" />
    <SkeletonLines count={4} />
  </div>
)

export const NotFound = () => (
  <Page title="Nothing here" lead="There is no page at this address. It may have moved, or the link is incomplete.">
    <div>
      <ButtonLink to="/organizations">Go to your organizations</ButtonLink>
    </div>
  </Page>
)

/** Of an organization that refuses: it is suspended, or it is none of one's own. */
const Refused = () => {
  const { organizationId } = useParams({ strict: false })
  const { data, isLoading } = useQuery({ ...suspendedQuery, enabled: organizationId !== undefined })
  const suspended = data?.find(({ id }) => id === organizationId)
  if (isLoading) return <Pending />
  if (suspended)
    return (
      <Page title={suspended.name}>
        <Notice look="warn" title="This organization is suspended.">
          Suspended <Time at={suspended.suspended_at} />. None of its keys, clients and tokens is accepted, and nobody
          sees or changes anything of it. Nothing of it is deleted.
        </Notice>
        <p className="max-w-2xl">
          Ask an operator of this server: only they suspend and resume organizations. Once it is resumed everything is
          as it was, and you are its {suspended.role} again.
        </p>
        <div>
          <ButtonLink to="/organizations">Go to your organizations</ButtonLink>
        </div>
      </Page>
    )
  return (
    <Page title="Not yours to see" lead="It does not exist, or you have no access to it.">
      <p className="max-w-2xl">
        Somebody may have sent you a link to an organization that you do not belong to, or you have left it. Ask one of
        its owners to invite you.
      </p>
      <div>
        <ButtonLink to="/organizations">Go to your organizations</ButtonLink>
      </div>
    </Page>
  )
}

export const Failed = ({ error, reset }: ErrorComponentProps) => {
  const again = (): void => {
    queryClient.removeQueries({ predicate: ({ state }) => state.status === 'error' })
    reset()
    // what was loaded anew may be another version of the dashboard than this one
    if (!(error instanceof ApiError)) window.location.reload()
  }
  if (error instanceof ApiError && [400, 403, 404].includes(error.status)) return <Refused />
  return (
    <Page title="This page could not be shown">
      <ErrorNotice error={error as Error} />
      <div className="flex gap-2">
        <Button look="primary" onClick={again}>
          Try again
        </Button>
        <ButtonLink to="/organizations">Go to your organizations</ButtonLink>
      </div>
    </Page>
  )
}
