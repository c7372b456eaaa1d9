// One's password: set or not, and changed.
import { useState } from 'react'
import { api } from '../../api/client.ts'
import { Button } from '../../kit/button.tsx'
import { FormDialog } from '../../kit/dialog.tsx'
import { TextField } from '../../kit/field.tsx'
import { toast } from '../../kit/toast.tsx'
import { useMe } from '../../api/queries.ts'
import { learnAccount } from './queries.ts'

const minLength = 12

const ChangeDialog = ({ isSet, onClose }: { isSet: boolean; onClose: () => void }) => {
  const { email } = useMe()
  const [current, setCurrent] = useState('')
  const [wanted, setWanted] = useState('')
  const change = async (): Promise<void> => {
    const { ended_sessions: ended } = await api.post<{ ended_sessions: number }>('/account/password', {
      ...(isSet && { current_password: current }),
      new_password: wanted,
    })
    await learnAccount()
    onClose()
    toast(ended === 0 ? 'Password saved.' : 'Password saved. All other browsers are signed out.')
  }
  return (
    <FormDialog
      title={isSet ? 'Change password' : 'Set a password'}
      submit="Save password"
      ready={wanted !== '' && (!isSet || current !== '')}
      onSubmit={change}
      onClose={onClose}
    >
      {/* for password managers, which note the new one under it */}
      <input type="email" autoComplete="username" value={email} readOnly hidden />
      {isSet && (
        <TextField
          label="Present password"
          type="password"
          autoComplete="current-password"
          value={current}
          required
          onChange={(event) => setCurrent(event.target.value)}
        />
      )}
      <TextField
        label="New password"
        type="password"
        autoComplete="new-password"
        value={wanted}
        required
        minLength={minLength}
        maxLength={128}
        hint={`At least ${minLength} characters. Spaces and every other character are welcome; several words make a good one.`}
        onChange={(event) => setWanted(event.target.value)}
      />
      <p className="text-quiet">Every other browser is signed out.</p>
    </FormDialog>
  )
}

export const Password = ({ isSet }: { isSet: boolean }) => {
  const [open, setOpen] = useState(false)
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3">
      <div className="min-w-0 flex-1 basis-72">
        <h3 className="font-medium">Password</h3>
        <p className="text-quiet">
          {isSet ? 'You sign in with your e-mail address and a password.' : 'You have none, and need none.'}
        </p>
      </div>
      <Button onClick={() => setOpen(true)}>{isSet ? 'Change password' : 'Set a password'}</Button>
      {open && <ChangeDialog isSet={isSet} onClose={() => setOpen(false)} />}
    </div>
  )
}
