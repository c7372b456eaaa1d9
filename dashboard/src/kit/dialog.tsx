// Dialogs on the native element: focus stays within, Escape closes, and focus goes back to where it came from.
import { type FormEvent, type ReactNode, type SyntheticEvent, useEffect, useId, useRef, useState } from 'react'
import { Button, type ButtonLook } from './button.tsx'
import { CloseIcon } from './icons.tsx'
import { ErrorNotice } from './notice.tsx'

const widths = { small: 'max-w-md', normal: 'max-w-lg', wide: 'max-w-3xl' }

export interface DialogProps {
  title: string
  /** Told when it is to be closed, by whichever way; it closes by no longer being rendered. */
  onClose: () => void
  children: ReactNode
  footer?: ReactNode
  width?: keyof typeof widths
}

/** Open as long as it is rendered: `{open && <Dialog …/>}`. */
export const Dialog = ({ title, onClose, children, footer, width = 'normal' }: DialogProps) => {
  const id = useId()
  const element = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const dialog = element.current
    const before = document.activeElement
    if (dialog && !dialog.open) {
      dialog.showModal()
      // what is to be filled in comes before the button that closes
      dialog.querySelector<HTMLElement>('input:not(:disabled), select:not(:disabled), textarea:not(:disabled)')?.focus()
    }
    return () => {
      dialog?.close()
      // removed rather than closed, so the browser does not put focus back itself
      if (before instanceof HTMLElement && before.isConnected) before.focus()
    }
  }, [])
  const cancel = (event: SyntheticEvent): void => {
    event.preventDefault()
    onClose()
  }
  return (
    <dialog
      ref={element}
      aria-labelledby={id}
      onCancel={cancel}
      className={`m-auto w-[calc(100%-2rem)] animate-rise overflow-visible rounded-xl border border-line bg-card p-0 text-left text-text shadow-raised max-sm:mb-4 ${widths[width]}`}
    >
      <div className="flex max-h-[calc(100dvh-2rem)] flex-col">
        <header className="flex items-start gap-3 px-5 pt-4 pb-2">
          <h2 id={id} className="min-w-0 flex-1 text-xl font-semibold text-balance">
            {title}
          </h2>
          <button
            type="button"
            aria-label="Close"
            onClick={onClose}
            className="-mr-1.5 grid size-8 place-items-center rounded-md text-quiet hover:bg-sunken hover:text-text"
          >
            <CloseIcon />
          </button>
        </header>
        {children}
        {footer}
      </div>
    </dialog>
  )
}

export const DialogBody = ({ children }: { children: ReactNode }) => (
  <div className="grid min-h-0 content-start gap-4 overflow-y-auto px-5 py-2">{children}</div>
)

export const DialogFooter = ({ children }: { children: ReactNode }) => (
  <footer className="flex flex-wrap justify-end gap-2 px-5 pt-3 pb-5">{children}</footer>
)

/** Runs what a form or button does: busy until it is done, and its error kept to be shown. */
export const useAction = <Argument = void,>(action: (argument: Argument) => unknown) => {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<Error | null>(null)
  const run = async (argument: Argument): Promise<void> => {
    if (busy) return
    setBusy(true)
    setError(null)
    try {
      await action(argument)
    } catch (thrown) {
      setError(thrown instanceof Error ? thrown : new Error(String(thrown)))
    }
    setBusy(false)
  }
  return { busy, error, run: (argument: Argument) => void run(argument) }
}

export interface FormDialogProps extends Omit<DialogProps, 'footer'> {
  /** What the button says: a verb and its object, such as `Create API Key`. */
  submit: string
  look?: ButtonLook
  /** What it throws is shown; the dialog stays. It closes when `onClose` is called from within. */
  onSubmit: (form: FormData) => unknown
  /** Whether it may be submitted yet. */
  ready?: boolean
}

/** A dialog that is a form: fields, a button to send it, one to leave. */
export const FormDialog = ({
  submit,
  look = 'primary',
  onSubmit,
  ready = true,
  children,
  onClose,
  ...rest
}: FormDialogProps) => {
  const { busy, error, run } = useAction(onSubmit)
  const send = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    run(new FormData(event.currentTarget))
  }
  return (
    <Dialog {...rest} onClose={onClose}>
      <form onSubmit={send} className="flex min-h-0 flex-col">
        <DialogBody>
          {children}
          <ErrorNotice error={error} />
        </DialogBody>
        <DialogFooter>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look={look} busy={busy} disabled={!ready}>
            {submit}
          </Button>
        </DialogFooter>
      </form>
    </Dialog>
  )
}
