// Alerts as cards: what has happened, what to do next, and where; dismissed by whoever has seen to it.
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Alert } from '../../../../src/alerts/alert.ts'
import { api } from '../../api/client.ts'
import { type List, useList } from '../../api/list.ts'
import { Button, ButtonLink } from '../../kit/button.tsx'
import { useAction } from '../../kit/dialog.tsx'
import { Empty } from '../../kit/empty.tsx'
import { AlertIcon, WarnIcon } from '../../kit/icons.tsx'
import { ErrorNotice } from '../../kit/notice.tsx'
import { SkeletonLines } from '../../kit/skeleton.tsx'
import { Pagination } from '../../kit/table.tsx'
import { Segments } from '../../kit/tabs.tsx'
import { Time } from '../../kit/time.tsx'
import { toast } from '../../kit/toast.tsx'

const urgent = new Set(['credential.leaked', 'quota.exhausted', 'webhook.disabled', 'credential.new_network'])

const Item = ({ alert, onDismiss }: { alert: Alert; onDismiss: (() => Promise<unknown>) | undefined }) => {
  const { busy, error, run } = useAction(() => onDismiss?.())
  const Icon = urgent.has(alert.kind) ? WarnIcon : AlertIcon
  return (
    <li className="card grid gap-3 p-4 sm:p-5">
      <div className="flex gap-3">
        <Icon className={`mt-0.5 size-4 shrink-0 ${urgent.has(alert.kind) ? 'text-bad' : 'text-warn'}`} />
        <div className="min-w-0 flex-1">
          <h2 className="font-semibold text-pretty wrap-anywhere">{alert.title}</h2>
          <p className="mt-1 max-w-3xl text-quiet text-pretty wrap-anywhere">{alert.advice}</p>
        </div>
      </div>
      <div className="flex flex-wrap items-center gap-2 pl-7">
        <ButtonLink size="small" to={alert.path}>
          See to it
        </ButtonLink>
        {onDismiss && alert.dismissed_at === null && (
          <Button size="small" look="plain" busy={busy} onClick={() => run()} aria-label={`Dismiss: ${alert.title}`}>
            Dismiss
          </Button>
        )}
        <span className="ml-auto text-sm text-quiet">
          <Time at={alert.created_at} />
          {alert.dismissed_at !== null && (
            <>
              , dismissed <Time at={alert.dismissed_at} />
            </>
          )}
        </span>
      </div>
      <ErrorNotice error={error} />
    </li>
  )
}

const Items = ({
  list,
  dismiss,
  open,
}: {
  list: List<Alert>
  dismiss: ((alert: Alert) => Promise<unknown>) | undefined
  open: boolean
}) => {
  if (list.error && !list.rows) return <ErrorNotice error={list.error} again={list.again} />
  if (!list.rows) return <SkeletonLines count={6} />
  if (list.rows.length === 0)
    return (
      <Empty title={open ? 'All quiet' : 'None yet'}>
        {open
          ? 'You are told here when a quota runs low, a key is about to end or lies unused, is used from a new network, or turns up in public.'
          : 'Alerts that somebody has dismissed are kept here for half a year.'}
      </Empty>
    )
  return (
    <div className="grid gap-3">
      <ul className={`grid gap-3 ${list.busy ? 'opacity-60' : ''}`}>
        {list.rows.map((alert) => (
          <Item key={alert.id} alert={alert} onDismiss={dismiss && (() => dismiss(alert))} />
        ))}
      </ul>
      <Pagination list={list} label="alerts" />
    </div>
  )
}

/** `path` of the API, as `/organizations/…/alerts`. */
export const AlertList = ({ path, mayDismiss }: { path: string; mayDismiss: boolean }) => {
  const [status, setStatus] = useState<'open' | 'dismissed'>('open')
  const client = useQueryClient()
  const list = useList<Alert>(['alerts', path], path, { status })
  const dismiss = async (alert: Alert): Promise<void> => {
    await api.post(`${path}/${alert.id}/dismiss`)
    toast('Alert dismissed.')
    await client.invalidateQueries({ queryKey: ['alerts', path] })
  }
  return (
    <div className="grid gap-4">
      <div>
        <Segments
          label="Which alerts"
          value={status}
          onChange={setStatus}
          options={[
            ['open', 'Open'],
            ['dismissed', 'Dismissed'],
          ]}
        />
      </div>
      <Items list={list} dismiss={mayDismiss ? dismiss : undefined} open={status === 'open'} />
    </div>
  )
}
