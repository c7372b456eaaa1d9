// One's e-mail address: whether it is confirmed, having it confirmed, and changing it. It counts once its mail has been opened.
import { useState } from 'react'
import type { Account } from '../../../../src/accounts/account/account.ts'
import { api } from '../../api/client.ts'
import { Badge } from '../../kit/badge.tsx'
import { Button } from '../../kit/button.tsx'
import { FormDialog, useAction } from '../../kit/dialog.tsx'
import { TextField } from '../../kit/field.tsx'
import { ErrorNotice, Notice } from '../../kit/notice.tsx'
import { Time } from '../../kit/time.tsx'
import { toast } from '../../kit/toast.tsx'
import { learnAccount } from './queries.ts'

const ask = async (email: string): Promise<void> => {
  await api.post('/account/email', { email })
  await learnAccount()
  toast(`A message is on its way to ${email}.`)
}

const withdraw = async (): Promise<void> => {
  await api.delete('/account/email')
  await learnAccount()
  toast('Your address stays as it is.')
}

const ChangeDialog = ({ onClose }: { onClose: () => void }) => {
  const [email, setEmail] = useState('')
  return (
    <FormDialog
      title="Change e-mail address"
      submit="Send link"
      ready={email.trim() !== ''}
      onSubmit={async () => {
        await ask(email.trim())
        onClose()
      }}
      onClose={onClose}
    >
      <TextField
        label="New e-mail address"
        type="email"
        autoComplete="email"
        value={email}
        required
        maxLength={254}
        hint="We send a link to it. You sign in with the present address until you have opened that link."
        onChange={(event) => setEmail(event.target.value)}
      />
      <p className="text-quiet">The present address is told of it.</p>
    </FormDialog>
  )
}

const Waiting = ({ email, until, own }: { email: string; until: string; own: boolean }) => {
  const again = useAction(() => ask(email))
  const leave = useAction(withdraw)
  return (
    <div className="mt-3">
      <Notice
        title={own ? 'Waiting for you to confirm this address' : 'Waiting for you to confirm the new address'}
        actions={
          <>
            <Button size="small" busy={again.busy} onClick={() => again.run()}>
              Send another link
            </Button>
            <Button size="small" busy={leave.busy} onClick={() => leave.run()}>
              {own ? 'Leave it unconfirmed' : 'Keep the present address'}
            </Button>
          </>
        }
      >
        <p className="wrap-anywhere">
          A link was sent to <strong className="font-medium">{email}</strong>. Open it in a browser where you are signed
          in; it ends <Time at={until} />.
        </p>
        <ErrorNotice error={again.error ?? leave.error} />
      </Notice>
    </div>
  )
}

export const Address = ({ account }: { account: Account }) => {
  const { email, email_verified: confirmed, email_requested: requested } = account
  const [changing, setChanging] = useState(false)
  const confirm = useAction(() => ask(email))
  return (
    <>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <span className="min-w-0 wrap-anywhere">{email}</span>
        <Badge look={confirmed ? 'good' : 'warn'}>{confirmed ? 'Confirmed' : 'Not confirmed'}</Badge>
        {!confirmed && requested?.email !== email && (
          <Button size="small" busy={confirm.busy} onClick={() => confirm.run()}>
            Confirm address
          </Button>
        )}
        <Button size="small" onClick={() => setChanging(true)}>
          Change address
        </Button>
      </div>
      <ErrorNotice error={confirm.error} />
      {requested && <Waiting email={requested.email} until={requested.expires_at} own={requested.email === email} />}
      {changing && <ChangeDialog onClose={() => setChanging(false)} />}
    </>
  )
}
