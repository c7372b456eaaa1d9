// Secrets that are shown once: a dialog with the secret, a button that copies it, a command to try it with, and a word before it is closed.
import { type ReactNode, useState } from 'react'
import { Button } from './button.tsx'
import { CopyButton } from './copy-button.tsx'
import { Dialog, DialogBody, DialogFooter } from './dialog.tsx'
import { Notice } from './notice.tsx'

/** A text to be selected or copied as a whole: a secret, an id, a command. */
export const CodeBlock = ({
  text,
  label,
  onCopy,
}: {
  text: string
  /** What it is: `key`, `command`. */
  label: string
  onCopy?: () => void
}) => (
  <div className="rounded-md border border-line bg-sunken">
    {/* focusable: it may scroll, and it can be selected by keyboard */}
    <pre
      tabIndex={0}
      role="group"
      aria-label={label}
      className="max-h-48 overflow-auto px-3 py-2.5 font-mono text-sm break-all whitespace-pre-wrap select-all"
    >
      {text}
    </pre>
    <div className="flex justify-end border-t border-line px-2 py-1.5">
      <CopyButton text={text} label={label} {...(onCopy && { onCopy })} />
    </div>
  </div>
)

export interface SecretDialogProps {
  title: string
  secret: string
  /** What the secret is called: `key`, `token`, `client secret`. */
  label: string
  /** A command that uses it, ready to be pasted. */
  curl?: string | undefined
  /** Whether it has gone another way as well, so that nothing is lost by closing. */
  elsewhere?: boolean
  /** What else belongs to it, such as a client's id. */
  children?: ReactNode
  onClose: () => void
}

export const SecretDialog = ({
  title,
  secret,
  label,
  curl,
  elsewhere = false,
  children,
  onClose,
}: SecretDialogProps) => {
  const [copied, setCopied] = useState(elsewhere)
  const [warned, setWarned] = useState(false)
  // by hand counts as well, whichever part was marked
  const leave = (): void => (copied || warned ? onClose() : setWarned(true))
  return (
    <Dialog title={title} onClose={leave}>
      <DialogBody>
        <p>This is the only time that the {label} is shown. Copy it now, and keep it where secrets are kept.</p>
        <div onCopy={() => setCopied(true)}>
          <CodeBlock text={secret} label={label} onCopy={() => setCopied(true)} />
        </div>
        {children}
        {curl !== undefined && (
          <div>
            <p className="mb-1.5 font-medium">Try it</p>
            <CodeBlock text={curl} label="command" onCopy={() => setCopied(true)} />
          </div>
        )}
        {warned && !copied && (
          <Notice look="warn" role="alert" title={`You have not copied the ${label}.`}>
            Once this is closed it cannot be shown again.
          </Notice>
        )}
      </DialogBody>
      <DialogFooter>
        <Button look={copied ? 'primary' : 'secondary'} onClick={leave}>
          {warned && !copied ? 'Close without copying' : 'Done'}
        </Button>
      </DialogFooter>
    </Dialog>
  )
}
