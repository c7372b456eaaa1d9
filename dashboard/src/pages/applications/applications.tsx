// /account/applications: what somebody lets act in their name, what each may do, and taking it back.
import { useState } from 'react'
import type { Access, Application } from '../../../../src/accounts/applications/application.ts'
import { api } from '../../api/client.ts'
import { useList } from '../../api/list.ts'
import { queryClient } from '../../api/queries.ts'
import { Badge } from '../../kit/badge.tsx'
import { Button } from '../../kit/button.tsx'
import { ConfirmDanger } from '../../kit/confirm-danger.tsx'
import { Empty } from '../../kit/empty.tsx'
import { ErrorNotice } from '../../kit/notice.tsx'
import { Card, Page } from '../../kit/page.tsx'
import { SkeletonLines } from '../../kit/skeleton.tsx'
import { Pagination } from '../../kit/table.tsx'
import { Time } from '../../kit/time.tsx'
import { toast } from '../../kit/toast.tsx'

const key = ['account', 'applications'] as const

/** What is known of where it comes from: a name is whatever it calls itself. */
const Origin = ({ application: { registration, host } }: { application: Application }) => {
  if (registration === 'document')
    return (
      <>
        <span className="text-quiet">{host}</span> <Badge look="warn">Not verified</Badge>
      </>
    )
  if (registration === 'dynamic')
    return (
      <>
        <span className="text-quiet">registered by itself{host !== null && `, says to be ${host}`}</span>{' '}
        <Badge look="warn">Not verified</Badge>
      </>
    )
  if (registration === 'built_in') return <Badge>Part of Latchkey</Badge>
  return host === null ? null : <span className="text-quiet">{host}</span>
}

const reach = ({ organization_name: name, organization_id: id, all_organizations: all }: Access) => {
  if (all) return <>, for all of your organizations,</>
  return (
    id !== null && (
      <>
        , for <strong>{name ?? id}</strong>,
      </>
    )
  )
}

const May = ({ access }: { access: Access }) => (
  <div>
    <p>
      At <strong>{access.api}</strong>
      {reach(access)} it may:
    </p>
    <ul className="mt-1 list-disc pl-5">
      {(access.may.length === 0 ? ['Know that you have signed in'] : access.may).map((words) => (
        <li key={words}>{words}</li>
      ))}
    </ul>
  </div>
)

const RevokeDialog = ({ application, onClose }: { application: Application; onClose: () => void }) => (
  <ConfirmDanger
    title={`Revoke the access of ${application.name}?`}
    action="Revoke access"
    onClose={onClose}
    onConfirm={async () => {
      // an address does not fit into a path
      await api.delete('/account/applications', { client_id: application.client_id })
      await queryClient.invalidateQueries({ queryKey: key })
      toast(`${application.name} has no access any more.`)
    }}
  >
    <p>
      It stops working at once, wherever you use it, and must ask you again. Keys and tokens that it made for you stay
      until you revoke those.
    </p>
  </ConfirmDanger>
)

const ApplicationCard = ({ application }: { application: Application }) => {
  const [revoking, setRevoking] = useState(false)
  return (
    <li>
      <Card>
        <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-3">
          <div className="grid min-w-0 gap-2">
            <div>
              <h2 className="text-lg font-semibold break-words">{application.name}</h2>
              <p>
                <Origin application={application} />
              </p>
            </div>
            {application.access.map((access) => (
              <May key={`${access.api} ${access.organization_id ?? ''} ${access.all_organizations}`} access={access} />
            ))}
            <p className="text-sm text-quiet">
              Connected <Time at={application.connected_at} />
            </p>
          </div>
          <Button look="danger" onClick={() => setRevoking(true)}>
            Revoke<span className="unseen"> the access of {application.name}</span>
          </Button>
        </div>
      </Card>
      {revoking && <RevokeDialog application={application} onClose={() => setRevoking(false)} />}
    </li>
  )
}

export const ApplicationsPage = () => {
  const list = useList<Application>(key, '/account/applications')
  return (
    <Page
      title="Connected applications"
      lead="They act in your name, within what you have allowed them and never beyond what you may do yourself."
    >
      {list.error && !list.rows ? (
        <ErrorNotice error={list.error} again={list.again} />
      ) : list.rows === undefined ? (
        <SkeletonLines count={4} />
      ) : list.rows.length === 0 ? (
        <Empty title="No connected applications">Applications that you allow to act for you stand here.</Empty>
      ) : (
        <div className="grid gap-3">
          <ul className="grid gap-3" aria-busy={list.busy}>
            {list.rows.map((application) => (
              <ApplicationCard key={application.client_id} application={application} />
            ))}
          </ul>
          <Pagination list={list} label="Connected applications" />
        </div>
      )}
    </Page>
  )
}
