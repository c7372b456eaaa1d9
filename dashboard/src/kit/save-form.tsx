// A form on a page that saves one thing of it, in place.
import type { FormEvent, ReactNode } from 'react'
import { Button } from './button.tsx'
import { useAction } from './dialog.tsx'
import { ErrorNotice } from './notice.tsx'

export const SaveForm = ({
  submit,
  ready,
  onSave,
  children,
}: {
  /** What the button says: `Save name`. */
  submit: string
  /** Whether there is something to save. */
  ready: boolean
  /** What it throws is shown. */
  onSave: () => unknown
  children: ReactNode
}) => {
  const { busy, error, run } = useAction(onSave)
  const save = (event: FormEvent): void => {
    event.preventDefault()
    run()
  }
  return (
    <form onSubmit={save} className="grid max-w-xl gap-3">
      {children}
      <ErrorNotice error={error} />
      <div>
        <Button type="submit" busy={busy} disabled={!ready}>
          {submit}
        </Button>
      </div>
    </form>
  )
}
