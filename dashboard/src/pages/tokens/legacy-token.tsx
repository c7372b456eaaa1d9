// /account/tokens/legacy/…: from a legacy token to a personal access token, in three steps that may take days.
import { useSuspenseQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { api } from '../../api/client.ts'
import { Badge, type BadgeLook } from '../../kit/badge.tsx'
import { Button } from '../../kit/button.tsx'
import { ConfirmDanger } from '../../kit/confirm-danger.tsx'
import { Notice } from '../../kit/notice.tsx'
import { Card, Facts, Page } from '../../kit/page.tsx'
import { Time } from '../../kit/time.tsx'
import { toast } from '../../kit/toast.tsx'
import { CredentialUse, WhatBreaks, useCredentialUse, usedWithin } from '../usage/credential-use.tsx'
import { CreateTokenDialog } from './create-token.tsx'
import { legacyReach } from './legacy-tokens.tsx'
import { type LegacyToken, legacyTokenQuery, tokensChanged } from './queries.ts'

/** A token that nobody has used for so long is taken to be free: weekly jobs have run. */
const quietDays = 7

const states = { done: ['good', 'Done'], now: ['accent', 'Next'], later: ['quiet', 'Later'] } as const satisfies Record<
  string,
  readonly [BadgeLook, string]
>

const Step = ({
  number,
  title,
  state,
  children,
}: {
  number: number
  title: string
  state: keyof typeof states
  children: ReactNode
}) => {
  const [look, word] = states[state]
  return (
    <li>
      <Card>
        <div className="mb-2 flex flex-wrap items-center gap-x-3 gap-y-1">
          <h2 className="text-lg font-semibold">
            {number}. {title}
          </h2>
          <Badge look={look}>{word}</Badge>
        </div>
        <div className="grid gap-3">{children}</div>
      </Card>
    </li>
  )
}

const DeleteDialog = ({ legacy, inUse, onClose }: { legacy: LegacyToken; inUse: boolean; onClose: () => void }) => {
  const navigate = useNavigate()
  const path = `/account/legacy-tokens/${legacy.id}`
  return (
    <ConfirmDanger
      title={`Delete ${legacy.name}?`}
      action={inUse ? 'Delete it although it is in use' : 'Delete legacy token'}
      {...(inUse && { typed: legacy.name })}
      onClose={onClose}
      onConfirm={async () => {
        await api.delete(path)
        toast('Legacy token deleted.')
        await navigate({ to: '/account/tokens' })
        tokensChanged()
      }}
    >
      <p>It takes effect immediately: any integration still using this token stops working as soon as it is deleted.</p>
      <WhatBreaks path={path} noun="token" />
    </ConfirmDanger>
  )
}

export const LegacyTokenPage = () => {
  const { tokenId = '' } = useParams({ strict: false })
  const { data: legacy } = useSuspenseQuery(legacyTokenQuery(tokenId))
  const path = `/account/legacy-tokens/${tokenId}`
  const { data: use } = useCredentialUse(path)
  const [dialog, setDialog] = useState<'create' | 'delete'>()
  const { successor } = legacy
  const inUse = use !== undefined && usedWithin(use, quietDays)
  const free = use !== undefined && !inUse
  return (
    <Page
      title={`Replace ${legacy.name}`}
      lead="From a legacy token to a personal access token. Nothing changes for the legacy token until you delete it; you can leave this page and come back."
      up={<Link to="/account/tokens">API tokens</Link>}
    >
      <Facts
        facts={[
          ['Legacy token', <code key="hint">{legacy.hint}</code>],
          ['Organization access', legacyReach(legacy)],
          ['Imported', <Time key="created" at={legacy.created_at} />],
          ['Last used', <Time key="used" at={use?.last_used_at ?? legacy.last_used_at} none="Never used" />],
        ]}
      />
      <ol className="grid gap-4">
        <Step number={1} title="Create a personal access token" state={successor ? 'done' : 'now'}>
          {successor ? (
            <Facts
              facts={[
                ['Replacement', successor.name],
                ['Token', <code key="hint">{successor.hint}</code>],
                ['Created', <Time key="created" at={successor.created_at} />],
                ['Last used', <Time key="used" at={successor.last_used_at} none="Never used" />],
              ]}
            />
          ) : (
            <>
              <p>It begins with the same organization access as the legacy token; you may narrow it.</p>
              <div>
                <Button look="primary" onClick={() => setDialog('create')}>
                  Create API token
                </Button>
              </div>
            </>
          )}
        </Step>
        <Step
          number={2}
          title="Update your integrations"
          state={free && successor ? 'done' : successor ? 'now' : 'later'}
        >
          <p>Put the new token wherever the legacy one is. Who still uses the legacy one:</p>
          <CredentialUse path={path} />
          {successor && inUse && successor.last_used_at === null && (
            <Notice look="info" title="The new token has not been used yet." />
          )}
        </Step>
        <Step number={3} title="Delete the legacy token" state={free && successor ? 'now' : 'later'}>
          {inUse ? (
            <Notice look="warn" title="It is still in use.">
              Wait until nobody has used it for {quietDays} days. Jobs that run more seldom need longer.
            </Notice>
          ) : (
            <p>
              {use?.last_used_at == null
                ? 'Nobody has used it here.'
                : `Nobody has used it for ${quietDays} days. If a job of yours runs more seldom than that, wait for it.`}
            </p>
          )}
          <div>
            <Button look="danger" disabled={use === undefined} onClick={() => setDialog('delete')}>
              Delete legacy token
            </Button>
          </div>
        </Step>
      </ol>
      {dialog === 'create' && <CreateTokenDialog succeeds={legacy} onClose={() => setDialog(undefined)} />}
      {dialog === 'delete' && <DeleteDialog legacy={legacy} inUse={inUse} onClose={() => setDialog(undefined)} />}
    </Page>
  )
}
