// /organizations/…/settings/webhooks: where alerts are sent.
import { useQueryClient } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useState } from 'react'
import type { Webhook } from '../../../../src/webhooks/webhook.ts'
import { api } from '../../api/client.ts'
import { useList } from '../../api/list.ts'
import { useMe, useOrganization } from '../../api/queries.ts'
import { Badge } from '../../kit/badge.tsx'
import { Button } from '../../kit/button.tsx'
import { ConfirmDanger } from '../../kit/confirm-danger.tsx'
import { useAction } from '../../kit/dialog.tsx'
import { Empty } from '../../kit/empty.tsx'
import { ErrorNotice, Notice } from '../../kit/notice.tsx'
import { Page } from '../../kit/page.tsx'
import { SkeletonLines } from '../../kit/skeleton.tsx'
import { Time, exactTime } from '../../kit/time.tsx'
import { toast } from '../../kit/toast.tsx'
import { Deliveries } from './deliveries.tsx'
import { useEventLabels } from './event-choice.tsx'
import {
  CreateWebhookDialog,
  EditWebhookDialog,
  RotateSecretDialog,
  WebhookSecretDialog,
  webhooksKey,
} from './webhook-dialogs.tsx'

const State = ({ webhook: { disabled_at, failing_since } }: { webhook: Webhook }) =>
  disabled_at !== null ? (
    <Badge look="bad">Off</Badge>
  ) : failing_since !== null ? (
    <Badge look="warn">Failing</Badge>
  ) : (
    <Badge look="good">On</Badge>
  )

const why = {
  person: 'Somebody turned it off: nothing is sent to it.',
  failing: 'Nothing could be delivered to it for five days. Repair the receiver, then turn it on again.',
  gone: 'Its receiver answered 410 Gone, which says that it wants no more messages.',
}

const WebhookCard = ({ webhook, onSecret }: { webhook: Webhook; onSecret: (secret: string) => void }) => {
  const { id, organization_id: organizationId, url, events, disabled_at, disabled_why, failing_since } = webhook
  const [open, setOpen] = useState<'edit' | 'rotate' | 'delete'>()
  const [showing, setShowing] = useState(false)
  const client = useQueryClient()
  const labels = useEventLabels(organizationId)
  const path = `/organizations/${organizationId}/webhooks/${id}`
  const changed = () => client.invalidateQueries({ queryKey: webhooksKey(organizationId) })
  const action = useAction(async (what: 'test' | 'on' | 'off') => {
    if (what === 'test') {
      await api.post(`${path}/test`)
      toast('Test message sent.')
      setShowing(true)
      await client.invalidateQueries({ queryKey: ['deliveries', id] })
      return
    }
    await api.patch(path, { enabled: what === 'on' })
    toast(what === 'on' ? 'Webhook turned on.' : 'Webhook turned off.')
    await changed()
  })
  const { host } = new URL(url)
  return (
    <li className="card grid gap-4 p-4 sm:p-5">
      <div className="flex flex-wrap items-start justify-between gap-3">
        <div className="min-w-0">
          <h2 className="flex flex-wrap items-center gap-2 font-semibold">
            <span className="break-all">{url}</span>
            <State webhook={webhook} />
          </h2>
          <p className="mt-1 text-quiet">
            {events === null
              ? 'All alerts'
              : events.map((event) => labels.find(({ kind }) => kind === event)?.label ?? event).join(' · ')}
          </p>
          <p className="text-sm text-quiet">
            Made <Time at={webhook.created_at} />
            {webhook.created_by_name !== null && <> by {webhook.created_by_name}</>}
            {webhook.former_secret_until !== null && (
              <>
                ; the former secret signs too, ends <Time at={webhook.former_secret_until} />
              </>
            )}
          </p>
        </div>
      </div>
      {disabled_at !== null && disabled_why !== null && <Notice look="warn">{why[disabled_why]}</Notice>}
      {disabled_at === null && failing_since !== null && (
        <Notice look="warn">
          Deliveries have failed since {exactTime(Date.parse(failing_since))}. Messages are tried again for a day; after
          five days without one success the webhook is turned off.
        </Notice>
      )}
      <div className="flex flex-wrap gap-2">
        <Button
          size="small"
          busy={action.busy}
          disabled={disabled_at !== null}
          onClick={() => action.run('test')}
          aria-label={`Send test to ${host}`}
        >
          Send test
        </Button>
        <Button size="small" aria-expanded={showing} onClick={() => setShowing(!showing)}>
          {showing ? 'Hide deliveries' : 'Deliveries'}
        </Button>
        <Button size="small" onClick={() => setOpen('edit')} aria-label={`Change ${host}`}>
          Change
        </Button>
        <Button size="small" onClick={() => setOpen('rotate')} aria-label={`Rotate secret of ${host}`}>
          Rotate secret
        </Button>
        <Button size="small" busy={action.busy} onClick={() => action.run(disabled_at === null ? 'off' : 'on')}>
          {disabled_at === null ? 'Turn off' : 'Turn on'}
        </Button>
        <Button size="small" look="danger" onClick={() => setOpen('delete')} aria-label={`Delete ${host}`}>
          Delete
        </Button>
      </div>
      <ErrorNotice error={action.error} />
      {showing && <Deliveries webhook={webhook} />}
      {open === 'edit' && <EditWebhookDialog webhook={webhook} onClose={() => setOpen(undefined)} />}
      {open === 'rotate' && (
        <RotateSecretDialog
          webhook={webhook}
          onClose={() => setOpen(undefined)}
          onRotated={(secret) => {
            setOpen(undefined)
            onSecret(secret)
          }}
        />
      )}
      {open === 'delete' && (
        <ConfirmDanger
          title="Delete this webhook?"
          action="Delete webhook"
          onClose={() => setOpen(undefined)}
          onConfirm={async () => {
            await api.delete(path)
            toast('Webhook deleted.')
            await changed()
          }}
        >
          <p>
            Nothing more is sent to <strong className="break-all">{host}</strong>, messages on their way included. Its
            secret and its deliveries are gone for good.
          </p>
        </ConfirmDanger>
      )}
    </li>
  )
}

export const WebhooksPage = () => {
  const { organizationId } = useParams({ from: '/organizations/$organizationId/settings/webhooks' })
  const { role } = useOrganization(organizationId)
  const { operator } = useMe()
  const manages = operator || role === 'owner' || role === 'admin'
  const [creating, setCreating] = useState(false)
  const [secret, setSecret] = useState<string>()
  const { rows, error, again } = useList<Webhook>(
    webhooksKey(organizationId),
    `/organizations/${organizationId}/webhooks`,
    {},
    { enabled: manages },
  )
  const create = (
    <Button look="primary" onClick={() => setCreating(true)}>
      Create webhook
    </Button>
  )
  return (
    <Page
      title="Webhooks"
      lead="Where Latchkey posts alerts, signed in the Standard Webhooks form."
      actions={manages && rows !== undefined && rows.length > 0 && create}
    >
      {!manages ? (
        <Notice title="Only owners and admins see webhooks.">Ask one of them, under Members.</Notice>
      ) : error && !rows ? (
        <ErrorNotice error={error} again={again} />
      ) : !rows ? (
        <SkeletonLines count={5} />
      ) : rows.length === 0 ? (
        <Empty title="No webhooks yet" actions={create}>
          Let your own systems know of alerts: enter the URL of a receiver, and keep the secret that its messages are
          signed by.
        </Empty>
      ) : (
        <ul className="grid gap-4">
          {rows.map((webhook) => (
            <WebhookCard key={webhook.id} webhook={webhook} onSecret={setSecret} />
          ))}
        </ul>
      )}
      {creating && (
        <CreateWebhookDialog
          organizationId={organizationId}
          onClose={() => setCreating(false)}
          onCreated={(made) => {
            setCreating(false)
            setSecret(made)
          }}
        />
      )}
      {secret !== undefined && <WebhookSecretDialog secret={secret} onClose={() => setSecret(undefined)} />}
    </Page>
  )
}
