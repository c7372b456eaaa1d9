// The place of the dialog that asks for a proof of who one is, whatever request needs it. One at a time; the dialog itself comes when it is needed.
import { Suspense, lazy, useEffect, useState } from 'react'
import { setProveAgain } from '../api/client.ts'

const Dialog = lazy(async () => ({
  default: (await import('../pages/security/reauthenticate.tsx')).ReauthenticateDialog,
}))

let waiting: Promise<boolean> | undefined

export const ProveAgain = () => {
  const [end, setEnd] = useState<(proven: boolean) => void>()
  useEffect(() => {
    setProveAgain(
      () =>
        (waiting ??= new Promise<boolean>((resolve) => {
          setEnd(() => (proven: boolean) => {
            waiting = undefined
            setEnd(undefined)
            resolve(proven)
          })
        })),
    )
  }, [])
  return (
    end && (
      <Suspense>
        <Dialog onEnd={end} />
      </Suspense>
    )
  )
}
