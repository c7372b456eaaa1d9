// One's passkeys: made by this device or a key, named, removed.
import { useQuery } from '@tanstack/react-query'
import { browserSupportsWebAuthn } from '@simplewebauthn/browser'
import { useState } from 'react'
import type { Passkey } from '../../../../src/accounts/factors/passkeys.ts'
import { deviceOf } from '../../../../src/accounts/device.ts'
import { api } from '../../api/client.ts'
import { Badge } from '../../kit/badge.tsx'
import { Button } from '../../kit/button.tsx'
import { ConfirmDanger } from '../../kit/confirm-danger.tsx'
import { FormDialog } from '../../kit/dialog.tsx'
import { Empty } from '../../kit/empty.tsx'
import { TextField } from '../../kit/field.tsx'
import { ErrorNotice, Notice } from '../../kit/notice.tsx'
import { Section } from '../../kit/page.tsx'
import { Table } from '../../kit/table.tsx'
import { Time } from '../../kit/time.tsx'
import { toast } from '../../kit/toast.tsx'
import { learnAccount, passkeysQuery } from './queries.ts'
import { makePasskey } from './webauthn.ts'

type CreationOptions = Parameters<typeof makePasskey>[0]

const NameField = ({ name, onName }: { name: string; onName: (name: string) => void }) => (
  <TextField
    label="Name"
    value={name}
    required
    maxLength={200}
    hint="So that you know which one it is, such as “Laptop” or “Blue key”."
    onChange={(event) => onName(event.target.value)}
  />
)

const AddDialog = ({ onDone, onClose }: { onDone: (codes: readonly string[] | null) => void; onClose: () => void }) => {
  const [name, setName] = useState(deviceOf(navigator.userAgent))
  const add = async (): Promise<void> => {
    const options = await api.post<CreationOptions>('/account/passkeys/options')
    const response = await makePasskey(options)
    const { recovery_codes } = await api.post<{ recovery_codes: string[] | null }>('/account/passkeys', {
      name,
      response,
    })
    await learnAccount()
    onDone(recovery_codes)
  }
  return (
    <FormDialog title="Add a passkey" submit="Add passkey" ready={name.trim() !== ''} onSubmit={add} onClose={onClose}>
      <p>
        Your browser asks for your fingerprint, your face or the PIN of your device or key. From then on it signs you in
        without a password, and a password alone no longer does.
      </p>
      <NameField name={name} onName={setName} />
    </FormDialog>
  )
}

const RenameDialog = ({ passkey, onClose }: { passkey: Passkey; onClose: () => void }) => {
  const [name, setName] = useState(passkey.name)
  const rename = async (): Promise<void> => {
    await api.patch(`/account/passkeys/${passkey.id}`, { name })
    await learnAccount()
    onClose()
    toast('Passkey renamed.')
  }
  return (
    <FormDialog
      title="Rename passkey"
      submit="Save name"
      ready={name.trim() !== ''}
      onSubmit={rename}
      onClose={onClose}
    >
      <NameField name={name} onName={setName} />
    </FormDialog>
  )
}

const RemoveDialog = ({ passkey, onClose }: { passkey: Passkey; onClose: () => void }) => {
  const remove = async (): Promise<void> => {
    await api.delete(`/account/passkeys/${passkey.id}`)
    await learnAccount()
    toast('Passkey removed.')
  }
  return (
    <ConfirmDanger title={`Remove ${passkey.name}?`} action="Remove passkey" onConfirm={remove} onClose={onClose}>
      <p>
        It signs nobody in here any more. Your device or password manager keeps showing it until you delete it there
        too.
      </p>
    </ConfirmDanger>
  )
}

export const Passkeys = ({
  available,
  onCodes,
}: {
  /** Whether they can be made at this deployment. */
  available: boolean
  onCodes: (codes: readonly string[]) => void
}) => {
  const { data, error, refetch } = useQuery(passkeysQuery)
  const [open, setOpen] = useState<{ what: 'add' } | { what: 'rename' | 'remove'; passkey: Passkey }>()
  const close = (): void => setOpen(undefined)
  const done = (codes: readonly string[] | null): void => {
    close()
    toast('Passkey added.')
    if (codes) onCodes(codes)
  }
  const usable = available && browserSupportsWebAuthn()
  return (
    <Section
      title="Passkeys"
      lead="A fingerprint, a face or a key in place of the password: nothing to remember, and nothing that could be given away on a forged page."
      actions={usable && <Button onClick={() => setOpen({ what: 'add' })}>Add passkey</Button>}
    >
      {!usable && (
        <Notice>
          {available
            ? 'This browser knows no passkeys, or the page was not opened over https.'
            : 'Passkeys need a host name, and this Latchkey is reached by an address.'}
        </Notice>
      )}
      <ErrorNotice error={error} again={() => void refetch()} />
      {!error && (
        <Table
          caption="Passkeys"
          rows={data?.data}
          keyOf={({ id }) => id}
          nameOf={({ name }) => name}
          empty={
            usable ? (
              <Empty title="No passkeys yet" level={3}>
                Add one for each device that you sign in on.
              </Empty>
            ) : null
          }
          columns={[
            {
              name: 'Name',
              cell: ({ name, synced }) => (
                <span className="flex flex-wrap items-center gap-2">
                  <span className="font-medium wrap-anywhere">{name}</span>
                  {synced && <Badge>Synced</Badge>}
                </span>
              ),
            },
            { name: 'Added', cell: ({ created_at }) => <Time at={created_at} /> },
            { name: 'Last used', cell: ({ last_used_at }) => <Time at={last_used_at} /> },
            {
              name: 'Actions',
              quiet: true,
              right: true,
              cell: (passkey) => (
                <span className="flex flex-wrap justify-end gap-1.5 max-md:justify-start">
                  <Button
                    size="small"
                    aria-label={`Rename ${passkey.name}`}
                    onClick={() => setOpen({ what: 'rename', passkey })}
                  >
                    Rename
                  </Button>
                  <Button
                    size="small"
                    look="danger"
                    aria-label={`Remove ${passkey.name}`}
                    onClick={() => setOpen({ what: 'remove', passkey })}
                  >
                    Remove
                  </Button>
                </span>
              ),
            },
          ]}
        />
      )}
      {open?.what === 'add' && <AddDialog onDone={done} onClose={close} />}
      {open?.what === 'rename' && <RenameDialog passkey={open.passkey} onClose={close} />}
      {open?.what === 'remove' && <RemoveDialog passkey={open.passkey} onClose={close} />}
    </Section>
  )
}
