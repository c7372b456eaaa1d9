// Copies a text, and says that it did.
import { useEffect, useState } from 'react'
import { Button } from './button.tsx'
import { CheckIcon, CopyIcon } from './icons.tsx'
import { announce } from './toast.tsx'

export const CopyButton = ({
  text,
  label,
  onCopy,
  compact = false,
}: {
  text: string
  /** What is copied, such as `key`: the button says `Copy key`. */
  label: string
  onCopy?: () => void
  /** The icon alone. */
  compact?: boolean
}) => {
  const [copied, setCopied] = useState<'yes' | 'failed'>()
  useEffect(() => {
    if (copied === undefined) return
    const timer = setTimeout(() => setCopied(undefined), 2_000)
    return () => clearTimeout(timer)
  }, [copied])
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text)
      setCopied('yes')
      announce('Copied.')
      onCopy?.()
    } catch {
      // no clipboard without https, or not allowed: it stands there to be selected
      setCopied('failed')
      announce('It could not be copied. Select it and copy it by hand.')
    }
  }
  return (
    <Button
      size="small"
      look={compact ? 'plain' : 'secondary'}
      aria-label={compact ? `Copy ${label}` : undefined}
      title={compact ? `Copy ${label}` : undefined}
      onClick={() => void copy()}
    >
      {copied === 'yes' ? <CheckIcon /> : <CopyIcon />}
      {!compact && (copied === 'yes' ? 'Copied' : copied === 'failed' ? 'Select and copy it' : `Copy ${label}`)}
    </Button>
  )
}
