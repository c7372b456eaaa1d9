// Where nothing is yet: what would be here, and the step that brings it.
import type { ReactNode } from 'react'

export const Empty = ({
  title,
  children,
  actions,
  level = 2,
}: {
  title: string
  children?: ReactNode
  actions?: ReactNode
  /** Of its heading. */
  level?: 2 | 3
}) => {
  const Heading = `h${level}` as const
  return (
    <div className="grid justify-items-center gap-1 rounded-lg border border-dashed border-line px-6 py-10 text-center">
      <Heading className="text-lg font-semibold">{title}</Heading>
      {children !== undefined && <div className="max-w-md text-quiet text-pretty">{children}</div>}
      {actions !== undefined && <div className="mt-3 flex flex-wrap justify-center gap-2">{actions}</div>}
    </div>
  )
}
