// The secrets of a client: two at most, so that whoever has the old one has time to change.
import { useState } from 'react'
import { api } from '../../api/client.ts'
import { Badge } from '../../kit/badge.tsx'
import { Button } from '../../kit/button.tsx'
import { ConfirmDanger } from '../../kit/confirm-danger.tsx'
import { FormDialog } from '../../kit/dialog.tsx'
import { Select } from '../../kit/field.tsx'
import { Section } from '../../kit/page.tsx'
import { type Column, Table } from '../../kit/table.tsx'
import { Time } from '../../kit/time.tsx'
import { toast } from '../../kit/toast.tsx'
import { OverlapOptions, defaultOverlap } from '../tokens/overlap.tsx'
import { ClientSecret } from './client-secret.tsx'
import { type Client, type ClientWithSecret, clientChanged, clientPath } from './queries.ts'

type Secret = Client['secrets'][number]

const RotateDialog = ({ client, onClose }: { client: Client; onClose: () => void }) => {
  const [overlap, setOverlap] = useState(defaultOverlap)
  const [made, setMade] = useState<ClientWithSecret>()
  if (made) return <ClientSecret title="Copy your new client secret" client={made} onClose={onClose} />
  return (
    <FormDialog
      title="Rotate client secret"
      submit="Rotate secret"
      onClose={onClose}
      onSubmit={async () => {
        const { client_secret, ...rest } = await api.post<ClientWithSecret>(`${clientPath(client)}/rotate`, {
          overlap_seconds: Number(overlap),
        })
        clientChanged(rest)
        setMade({ ...rest, ...(client_secret !== undefined && { client_secret }) })
      }}
    >
      <p>A new secret is made. Tokens that the client has go on until they end.</p>
      <Select
        label="The present secret stops working"
        hint={client.secrets.length > 1 ? 'One that was replaced before ends now.' : 'Until then both work.'}
        value={overlap}
        onChange={(event) => setOverlap(event.target.value)}
      >
        <OverlapOptions />
      </Select>
    </FormDialog>
  )
}

const EndDialog = ({ client, secret, onClose }: { client: Client; secret: Secret; onClose: () => void }) => (
  <ConfirmDanger
    title={`End the secret ${secret.hint}?`}
    action="End secret"
    onClose={onClose}
    onConfirm={async () => {
      clientChanged(await api.delete<Client>(`${clientPath(client)}/secrets/${secret.id}`))
      toast('Secret ended.')
    }}
  >
    <p>Whatever still asks for tokens with it is refused from the next request on. The other secret goes on working.</p>
  </ConfirmDanger>
)

const columnsFor = (
  working: readonly Secret[],
  mayManage: boolean,
  end: (secret: Secret) => void,
): readonly Column<Secret>[] => [
  {
    name: 'Secret',
    cell: (secret) => (
      <span className="inline-flex flex-wrap items-center gap-2">
        <code>{secret.hint}</code>
        {!working.includes(secret) && <Badge look="warn">Ended</Badge>}
      </span>
    ),
  },
  { name: 'Created', cell: ({ created_at: at }) => <Time at={at} /> },
  { name: 'Ends', cell: ({ expires_at: at }) => <Time at={at} none="Never" /> },
  {
    name: 'Actions',
    quiet: true,
    right: true,
    cell: (secret) =>
      mayManage && working.length > 1 && working.includes(secret) ? (
        <Button size="small" look="danger" onClick={() => end(secret)}>
          End now<span className="unseen"> {secret.hint}</span>
        </Button>
      ) : null,
  },
]

export const ClientSecrets = ({ client, mayManage }: { client: Client; mayManage: boolean }) => {
  const [dialog, setDialog] = useState<'rotate' | Secret>()
  const [now] = useState(() => Date.now())
  const close = (): void => setDialog(undefined)
  const working = client.secrets.filter(({ expires_at: end }) => end === null || Date.parse(end) > now)
  return (
    <Section
      title="Secrets"
      lead="Only the last characters are kept in readable form. Store a secret where secrets are kept, never in source control."
      actions={mayManage && <Button onClick={() => setDialog('rotate')}>Rotate secret</Button>}
    >
      <Table
        caption="Secrets"
        columns={columnsFor(working, mayManage, setDialog)}
        rows={client.secrets}
        keyOf={({ id }) => id}
        empty={null}
      />
      {dialog === 'rotate' && <RotateDialog client={client} onClose={close} />}
      {dialog !== undefined && dialog !== 'rotate' && <EndDialog client={client} secret={dialog} onClose={close} />}
    </Section>
  )
}
