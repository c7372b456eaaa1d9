// An authenticator app as a second factor: scanned, proven by a first code, removed.
import { useQuery } from '@tanstack/react-query'
import { generate } from 'lean-qr'
import { useState } from 'react'
import type { AppSetUp } from '../../../../src/accounts/factors/authenticator-app.ts'
import { api } from '../../api/client.ts'
import { Button } from '../../kit/button.tsx'
import { ConfirmDanger } from '../../kit/confirm-danger.tsx'
import { CopyButton } from '../../kit/copy-button.tsx'
import { FormDialog } from '../../kit/dialog.tsx'
import { TextField } from '../../kit/field.tsx'
import { ErrorNotice } from '../../kit/notice.tsx'
import { Skeleton } from '../../kit/skeleton.tsx'
import { Time } from '../../kit/time.tsx'
import { toast } from '../../kit/toast.tsx'
import { learnAccount } from './queries.ts'

/** One square each, dark on light in either theme: that is what cameras look for. */
const QrCode = ({ text }: { text: string }) => {
  const code = generate(text)
  const quiet = 4
  const squares: string[] = []
  for (let y = 0; y < code.size; y += 1)
    for (let x = 0; x < code.size; x += 1) if (code.get(x, y)) squares.push(`M${x + quiet} ${y + quiet}h1v1h-1z`)
  const side = code.size + 2 * quiet
  return (
    <svg
      viewBox={`0 0 ${side} ${side}`}
      role="img"
      aria-label="QR code with the key below"
      shapeRendering="crispEdges"
      className="size-52 rounded-md bg-white"
    >
      <path d={squares.join('')} fill="#000" />
    </svg>
  )
}

const inGroups = (secret: string): string => secret.match(/.{1,4}/g)?.join(' ') ?? ''

const SetUpDialog = ({
  onDone,
  onClose,
}: {
  onDone: (codes: readonly string[] | null) => void
  onClose: () => void
}) => {
  const { data, error } = useQuery({
    queryKey: ['authenticator-app', 'set-up'],
    queryFn: () => api.post<AppSetUp>('/account/authenticator-app/start'),
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
    refetchOnWindowFocus: false,
  })
  const [code, setCode] = useState('')
  const confirm = async (): Promise<void> => {
    if (!data) return
    const { recovery_codes } = await api.post<{ recovery_codes: string[] | null }>('/account/authenticator-app', {
      setup: data.setup,
      code,
    })
    await learnAccount()
    onDone(recovery_codes)
  }
  return (
    <FormDialog
      title="Set up an authenticator app"
      submit="Turn it on"
      ready={data !== undefined && code.replaceAll(/\s/g, '').length === 6}
      onSubmit={confirm}
      onClose={onClose}
    >
      <ErrorNotice error={error} />
      <p>Scan this with an authenticator app on your phone, or type the key into it.</p>
      <div className="grid justify-items-center gap-3">
        {data ? <QrCode text={data.url} /> : <Skeleton className="size-52" />}
        {data ? (
          <p className="flex flex-wrap items-center justify-center gap-1 text-center">
            <code className="text-sm wrap-anywhere">{inGroups(data.secret)}</code>
            <CopyButton text={data.secret} label="key" compact />
          </p>
        ) : (
          <Skeleton className="h-6 w-64 max-w-full" />
        )}
      </div>
      <TextField
        label="Code that the app shows"
        value={code}
        inputMode="numeric"
        autoComplete="one-time-code"
        maxLength={16}
        required
        hint="Six digits, a new one every half minute."
        onChange={(event) => setCode(event.target.value)}
      />
    </FormDialog>
  )
}

export const AuthenticatorApp = ({
  addedAt,
  onCodes,
}: {
  addedAt: string | null
  onCodes: (codes: readonly string[]) => void
}) => {
  const [open, setOpen] = useState<'set up' | 'remove'>()
  const close = (): void => setOpen(undefined)
  const done = (codes: readonly string[] | null): void => {
    close()
    toast('The authenticator app is set up.')
    if (codes) onCodes(codes)
  }
  const remove = async (): Promise<void> => {
    await api.delete('/account/authenticator-app')
    await learnAccount()
    toast('The authenticator app is removed.')
  }
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3">
      <div className="min-w-0 flex-1 basis-72">
        <h3 className="font-medium">Authenticator app</h3>
        <p className="text-quiet">
          {addedAt === null ? (
            'Your phone shows a code that is asked for after your password.'
          ) : (
            <>
              Set up <Time at={addedAt} />.
            </>
          )}
        </p>
      </div>
      {addedAt === null ? (
        <Button onClick={() => setOpen('set up')}>Set up authenticator app</Button>
      ) : (
        <Button look="danger" onClick={() => setOpen('remove')}>
          Remove authenticator app
        </Button>
      )}
      {open === 'set up' && <SetUpDialog onDone={done} onClose={close} />}
      {open === 'remove' && (
        <ConfirmDanger
          title="Remove the authenticator app?"
          action="Remove authenticator app"
          onConfirm={remove}
          onClose={close}
        >
          <p>Its codes are not asked for any more. Without a passkey, your password alone signs you in.</p>
        </ConfirmDanger>
      )}
    </div>
  )
}
