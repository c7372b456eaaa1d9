// Asks the person to prove who they are, before steps that a stolen browser must not be enough for. Loaded when it is first needed.
import { type FormEvent, useState } from 'react'
import { useQuery } from '@tanstack/react-query'
import type { ProofChoices } from '../../../../src/accounts/account/reauthenticate.ts'
import { api, renewing } from '../../api/client.ts'
import { Button } from '../../kit/button.tsx'
import { Dialog, DialogBody, DialogFooter, useAction } from '../../kit/dialog.tsx'
import { TextField } from '../../kit/field.tsx'
import { ErrorNotice, Notice } from '../../kit/notice.tsx'
import { SkeletonLines } from '../../kit/skeleton.tsx'
import { learnAccount } from './queries.ts'
import { askPasskey } from './webauthn.ts'

type Method = ProofChoices['methods'][number]

const others: Record<Method, string> = {
  passkey: 'Use a passkey',
  code: 'Use a code',
  password: 'Use your password',
}

const submits: Record<Method, string> = { passkey: 'Use a passkey', code: 'Confirm', password: 'Confirm' }

const signInAgain = (): void => {
  const { pathname, search } = window.location
  window.location.assign(`/login?${new URLSearchParams({ prompt: 'login', return_to: pathname + search }).toString()}`)
}

/** `onEnd`: whether it was proven. */
export const ReauthenticateDialog = ({ onEnd }: { onEnd: (proven: boolean) => void }) => {
  const { data, error } = useQuery({
    queryKey: ['proofs'],
    queryFn: () => api.post<ProofChoices>('/account/reauthenticate/options'),
    // a challenge is good once
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
  })
  const [chosen, setChosen] = useState<Method>()
  const [text, setText] = useState('')
  const method = chosen ?? data?.methods[0]
  const proving = useAction(async () => {
    if (!data || !method) return
    // of one that was tried, the next try needs another
    const fresh = async () => {
      const { passkey } = await api.post<ProofChoices>('/account/reauthenticate/options')
      return askPasskey(passkey ?? undefined)
    }
    const body = method === 'passkey' ? { passkey: await fresh() } : { [method]: text }
    await renewing(api.post('/account/reauthenticate', body))
    void learnAccount()
    onEnd(true)
  })
  const send = (event: FormEvent): void => {
    event.preventDefault()
    proving.run()
  }
  const choose = (next: Method): void => {
    setChosen(next)
    setText('')
  }
  return (
    <Dialog title="Confirm that it is you" width="small" onClose={() => onEnd(false)}>
      <form onSubmit={send} className="flex min-h-0 flex-col">
        <DialogBody>
          <p>This step is guarded, in case somebody else sits at your browser. It is not asked again for 15 minutes.</p>
          <ErrorNotice error={error} />
          {!data && !error && <SkeletonLines count={2} />}
          {data?.methods.length === 0 && (
            <Notice look="info">
              You have no password or second factor here. Sign in again the way you did before.
            </Notice>
          )}
          {method === 'code' && (
            <TextField
              key="code"
              label="Code from your authenticator app"
              value={text}
              inputMode="numeric"
              autoComplete="one-time-code"
              maxLength={16}
              required
              autoFocus
              onChange={(event) => setText(event.target.value)}
            />
          )}
          {method === 'password' && (
            <TextField
              key="password"
              label="Password"
              type="password"
              value={text}
              autoComplete="current-password"
              required
              autoFocus
              onChange={(event) => setText(event.target.value)}
            />
          )}
          <ErrorNotice error={proving.error} />
          {data && data.methods.length > 1 && (
            <div className="flex flex-wrap gap-2">
              {data.methods
                .filter((other) => other !== method)
                .map((other) => (
                  <Button key={other} size="small" onClick={() => choose(other)}>
                    {others[other]}
                  </Button>
                ))}
            </div>
          )}
        </DialogBody>
        <DialogFooter>
          <Button onClick={() => onEnd(false)}>Cancel</Button>
          {data?.methods.length === 0 ? (
            <Button look="primary" onClick={signInAgain}>
              Sign in again
            </Button>
          ) : (
            <Button type="submit" look="primary" busy={proving.busy} disabled={!method}>
              {method ? submits[method] : 'Confirm'}
            </Button>
          )}
        </DialogFooter>
      </form>
    </Dialog>
  )
}
