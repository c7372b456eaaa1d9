// Making and changing a webhook, and its secret, which is shown once.
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Webhook, WebhookWithSecret } from '../../../../src/webhooks/webhook.ts'
import { api } from '../../api/client.ts'
import { FormDialog } from '../../kit/dialog.tsx'
import { Select, TextField } from '../../kit/field.tsx'
import { SecretDialog } from '../../kit/secret.tsx'
import { toast } from '../../kit/toast.tsx'
import { EventChoice } from './event-choice.tsx'

const pathOf = (organizationId: string): string => `/organizations/${organizationId}/webhooks`

export const webhooksKey = (organizationId: string): readonly string[] => ['webhooks', organizationId]

const Fields = ({
  organizationId,
  url,
  events,
  onEvents,
}: {
  organizationId: string
  url?: string
  events: readonly string[] | null
  onEvents: (events: readonly string[] | null) => void
}) => (
  <>
    <TextField
      label="URL"
      name="url"
      type="url"
      required
      maxLength={2000}
      placeholder="https://example.com/latchkey"
      hint="https, on the public Internet. Latchkey posts signed messages there and expects a 2xx answer."
      defaultValue={url}
    />
    <EventChoice organizationId={organizationId} value={events} onChange={onEvents} />
  </>
)

export const WebhookSecretDialog = ({ secret, onClose }: { secret: string; onClose: () => void }) => (
  <SecretDialog title="The webhook’s secret" secret={secret} label="signing secret" onClose={onClose}>
    <p className="text-quiet">
      Your receiver checks each message’s signature by it. Messages are in the Standard Webhooks form, for which there
      are libraries in most languages.
    </p>
  </SecretDialog>
)

export const CreateWebhookDialog = ({
  organizationId,
  onCreated,
  onClose,
}: {
  organizationId: string
  onCreated: (secret: string) => void
  onClose: () => void
}) => {
  const client = useQueryClient()
  const [events, setEvents] = useState<readonly string[] | null>(null)
  return (
    <FormDialog
      title="Create webhook"
      submit="Create webhook"
      ready={events === null || events.length > 0}
      onClose={onClose}
      onSubmit={async (form) => {
        const made = await api.post<WebhookWithSecret>(pathOf(organizationId), { url: form.get('url'), events })
        await client.invalidateQueries({ queryKey: webhooksKey(organizationId) })
        onCreated(made.secret)
      }}
    >
      <Fields organizationId={organizationId} events={events} onEvents={setEvents} />
    </FormDialog>
  )
}

export const EditWebhookDialog = ({ webhook, onClose }: { webhook: Webhook; onClose: () => void }) => {
  const client = useQueryClient()
  const { id, organization_id: organizationId, url } = webhook
  const [events, setEvents] = useState<readonly string[] | null>(webhook.events)
  return (
    <FormDialog
      title="Change webhook"
      submit="Save webhook"
      ready={events === null || events.length > 0}
      onClose={onClose}
      onSubmit={async (form) => {
        const to = form.get('url') as string
        await api.patch(`${pathOf(organizationId)}/${id}`, { events, ...(to !== url && { url: to }) })
        await client.invalidateQueries({ queryKey: webhooksKey(organizationId) })
        toast('Webhook saved.')
        onClose()
      }}
    >
      <Fields organizationId={organizationId} url={url} events={events} onEvents={setEvents} />
    </FormDialog>
  )
}

export const RotateSecretDialog = ({
  webhook: { id, organization_id: organizationId },
  onRotated,
  onClose,
}: {
  webhook: Webhook
  onRotated: (secret: string) => void
  onClose: () => void
}) => {
  const client = useQueryClient()
  return (
    <FormDialog
      title="Rotate secret"
      submit="Rotate secret"
      onClose={onClose}
      onSubmit={async (form) => {
        const made = await api.post<WebhookWithSecret>(`${pathOf(organizationId)}/${id}/rotate-secret`, {
          overlap_seconds: Number(form.get('overlap')),
        })
        await client.invalidateQueries({ queryKey: webhooksKey(organizationId) })
        onRotated(made.secret)
      }}
    >
      <p>Messages are signed by the new secret at once. For a while they carry the former one’s signature too.</p>
      <Select label="The former secret signs too for" name="overlap" defaultValue="86400">
        <option value="0">not at all</option>
        <option value="3600">1 hour</option>
        <option value="86400">1 day</option>
        <option value="604800">7 days</option>
      </Select>
    </FormDialog>
  )
}
