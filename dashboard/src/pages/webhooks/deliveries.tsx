// What was sent to a webhook: each message with its attempts, and a way to send it again.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Delivery } from '../../../../src/webhooks/deliveries.ts'
import type { Webhook } from '../../../../src/webhooks/webhook.ts'
import { api } from '../../api/client.ts'
import { useList } from '../../api/list.ts'
import { Badge, type BadgeLook } from '../../kit/badge.tsx'
import { Button } from '../../kit/button.tsx'
import { Dialog, DialogBody, DialogFooter, useAction } from '../../kit/dialog.tsx'
import { Empty } from '../../kit/empty.tsx'
import { ErrorNotice } from '../../kit/notice.tsx'
import { CodeBlock } from '../../kit/secret.tsx'
import { SkeletonLines } from '../../kit/skeleton.tsx'
import { ListTable } from '../../kit/table.tsx'
import { Time } from '../../kit/time.tsx'
import { toast } from '../../kit/toast.tsx'

const looks: Record<Delivery['state'], readonly [BadgeLook, string]> = {
  delivered: ['good', 'Delivered'],
  pending: ['warn', 'On its way'],
  failed: ['bad', 'Failed'],
}

const State = ({ state }: Pick<Delivery, 'state'>) => {
  const [look, word] = looks[state]
  return <Badge look={look}>{word}</Badge>
}

const pathOf = ({ organization_id, id }: Webhook): string =>
  `/organizations/${organization_id}/webhooks/${id}/deliveries`

const DeliveryDialog = ({ webhook, id, onClose }: { webhook: Webhook; id: string; onClose: () => void }) => {
  const client = useQueryClient()
  const path = `${pathOf(webhook)}/${id}`
  const { data, error } = useQuery({
    queryKey: ['deliveries', webhook.id, id],
    queryFn: ({ signal }) => api.get<Delivery & { body: string }>(path, undefined, signal),
    refetchInterval: ({ state }) => (state.data?.state === 'pending' ? 2_000 : false),
  })
  const sending = useAction(async () => {
    await api.post(`${path}/redeliver`)
    toast('Sent again.')
    await client.invalidateQueries({ queryKey: ['deliveries', webhook.id] })
  })
  return (
    <Dialog title="Delivery" width="wide" onClose={onClose}>
      <DialogBody>
        <ErrorNotice error={error} />
        {!data && !error && <SkeletonLines count={6} />}
        {data && (
          <>
            <p className="flex flex-wrap items-center gap-2">
              <State state={data.state} />
              <code>{data.event}</code>
              {data.next_attempt_at !== null && (
                <span className="text-quiet">
                  next attempt <Time at={data.next_attempt_at} />
                </span>
              )}
            </p>
            <ol aria-label="Attempts" className="grid gap-1.5">
              {data.attempts.length === 0 && <li className="text-quiet">Not tried yet.</li>}
              {data.attempts.map((attempt, index) => (
                <li key={`${attempt.at}-${index}`} className="flex flex-wrap gap-x-3">
                  <Time at={attempt.at} form="exact" />
                  <span className={attempt.failure === null ? 'text-good' : 'text-bad'}>
                    {attempt.failure ?? `taken, ${attempt.status}`}
                  </span>
                  <span className="text-quiet">{attempt.duration_ms} ms</span>
                </li>
              ))}
            </ol>
            <CodeBlock text={data.body} label="message" />
          </>
        )}
        <ErrorNotice error={sending.error} />
      </DialogBody>
      <DialogFooter>
        <Button busy={sending.busy} disabled={!data || webhook.disabled_at !== null} onClick={() => sending.run()}>
          Redeliver
        </Button>
        <Button look="primary" onClick={onClose}>
          Done
        </Button>
      </DialogFooter>
    </Dialog>
  )
}

export const Deliveries = ({ webhook }: { webhook: Webhook }) => {
  const [opened, setOpened] = useState<string>()
  const list = useList<Delivery>(['deliveries', webhook.id], pathOf(webhook), { limit: 10 }, { refetchInterval: 5_000 })
  return (
    <>
      <ListTable
        caption="Deliveries"
        list={list}
        keyOf={({ id }) => id}
        columns={[
          {
            name: 'Event',
            cell: ({ id, event }) => (
              <button
                type="button"
                className="text-left font-medium text-accent hover:underline"
                onClick={() => setOpened(id)}
              >
                {event}
              </button>
            ),
          },
          { name: 'State', cell: (delivery) => <State state={delivery.state} /> },
          { name: 'Attempts', right: true, cell: ({ attempts }) => attempts.length },
          { name: 'Made', cell: ({ created_at }) => <Time at={created_at} /> },
        ]}
        empty={
          <Empty level={3} title="Nothing has been sent yet">
            Send a test message to see whether your receiver takes it.
          </Empty>
        }
      />
      {opened !== undefined && <DeliveryDialog webhook={webhook} id={opened} onClose={() => setOpened(undefined)} />}
    </>
  )
}
