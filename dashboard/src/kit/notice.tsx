// What a page has to say about itself, in place: something to know, to mind, or that went wrong, with the way out.
import type { ReactNode } from 'react'
import { ApiError } from '../api/client.ts'
import { Button } from './button.tsx'
import { CheckIcon, InfoIcon, WarnIcon } from './icons.tsx'

export type NoticeLook = 'info' | 'good' | 'warn' | 'bad'

const looks: Record<NoticeLook, string> = {
  info: 'bg-accent-soft text-accent',
  good: 'bg-good-soft text-good',
  warn: 'bg-warn-soft text-warn',
  bad: 'bg-bad-soft text-bad',
}

const icons = { info: InfoIcon, good: CheckIcon, warn: WarnIcon, bad: WarnIcon }

export const Notice = ({
  look = 'info',
  title,
  children,
  actions,
  role,
}: {
  look?: NoticeLook
  title?: string
  children?: ReactNode
  actions?: ReactNode
  role?: 'alert' | 'status'
}) => {
  const Icon = icons[look]
  return (
    <div role={role} className={`flex gap-2.5 rounded-md px-3.5 py-2.5 ${looks[look]}`}>
      <Icon className="mt-[0.1875rem] size-4" />
      <div className="min-w-0 flex-1">
        {title !== undefined && <p className="font-medium">{title}</p>}
        {children !== undefined && <div className="text-text">{children}</div>}
        {actions !== undefined && <div className="mt-2 flex flex-wrap gap-2">{actions}</div>}
      </div>
    </div>
  )
}

/** Nothing where nothing went wrong. `again`: what may help. */
export const ErrorNotice = ({ error, again }: { error: Error | null | undefined; again?: () => void }) => {
  if (!error) return null
  const { requestId, status } = error instanceof ApiError ? error : { requestId: undefined, status: 0 }
  return (
    <Notice
      look="bad"
      role="alert"
      title={error instanceof ApiError ? error.message : 'Something went wrong on this page.'}
      actions={
        again && (
          <Button size="small" onClick={again}>
            Try again
          </Button>
        )
      }
    >
      {/* a refusal says what to do; a fault is found in the log by its id */}
      {requestId !== undefined && status >= 500 && (
        <p className="text-sm text-quiet">
          Request <code>{requestId}</code>
        </p>
      )}
    </Notice>
  )
}
