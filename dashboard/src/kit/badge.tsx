// A word about a thing's state or kind.
import type { ReactNode } from 'react'

export type BadgeLook = 'quiet' | 'accent' | 'good' | 'warn' | 'bad' | 'outline'

const looks: Record<BadgeLook, string> = {
  quiet: 'bg-sunken text-quiet',
  accent: 'bg-accent-soft text-accent',
  good: 'bg-good-soft text-good',
  warn: 'bg-warn-soft text-warn',
  bad: 'bg-bad-soft text-bad',
  outline: 'border border-edge text-text',
}

export const Badge = ({ look = 'quiet', children }: { look?: BadgeLook; children: ReactNode }) => (
  <span
    className={`inline-flex items-center gap-1 rounded-sm px-1.5 text-xs font-medium whitespace-nowrap leading-5 ${looks[look]}`}
  >
    {children}
  </span>
)
