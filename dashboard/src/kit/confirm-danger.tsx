// Asks before something is taken away: says what will stop working, and where it is much, has its name typed.
import { type ReactNode, useState } from 'react'
import { FormDialog } from './dialog.tsx'
import { TextField } from './field.tsx'

export const ConfirmDanger = ({
  title,
  children,
  typed,
  action,
  onConfirm,
  onClose,
}: {
  title: string
  /** What will break, with names and numbers. */
  children: ReactNode
  /** Must be typed before the button works. */
  typed?: string
  /** What the button says: `Revoke key`, never `OK`. */
  action: string
  /** What it throws is shown; when it is done the dialog is closed. */
  onConfirm: () => unknown
  onClose: () => void
}) => {
  const [text, setText] = useState('')
  return (
    <FormDialog
      title={title}
      submit={action}
      look="danger"
      ready={typed === undefined || text === typed}
      onSubmit={async () => {
        await onConfirm()
        onClose()
      }}
      onClose={onClose}
    >
      {children}
      {typed !== undefined && (
        <TextField
          label={`Type “${typed}” to confirm`}
          value={text}
          spellCheck={false}
          onChange={(event) => setText(event.target.value)}
        />
      )}
    </FormDialog>
  )
}
