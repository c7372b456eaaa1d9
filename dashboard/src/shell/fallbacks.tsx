// What stands in a page's place: while it is on its way, where there is none, and where it failed.
import type { ErrorComponentProps } from '@tanstack/react-router'
import { ApiError } from '../api/client.ts'
import { queryClient } from '../api/queries.ts'
import { Button, ButtonLink } from '../kit/button.tsx'
import { ErrorNotice } from '../kit/notice.tsx'
import { Page } from '../kit/page.tsx'
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

export const Failed = ({ error, reset }: ErrorComponentProps) => {
  const again = (): void => {
    queryClient.removeQueries({ predicate: ({ state }) => state.status === 'error' })
    reset()
    // what was loaded anew may be another version of the dashboard than this one
    if (!(error instanceof ApiError)) window.location.reload()
  }
  if (error instanceof ApiError && (error.status === 403 || error.status === 404 || error.status === 400))
    return (
      <Page title="Not yours to see" lead="It does not exist, or you have no access to it.">
        <p className="max-w-2xl">
          Somebody may have sent you a link to an organization that you do not belong to, or you have left it. Ask one
          of its owners to invite you.
        </p>
        <div>
          <ButtonLink to="/organizations">Go to your organizations</ButtonLink>
        </div>
      </Page>
    )
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
