// Views of one page, each with an address of its own: links, so that they can be opened, kept and gone back to.
import { type LinkComponent, createLink } from '@tanstack/react-router'
import type { ComponentProps, ReactNode } from 'react'

export const Tabs = ({ label, children }: { label: string; children: ReactNode }) => (
  <nav aria-label={label} className="flex gap-1 overflow-x-auto border-b border-line">
    {children}
  </nav>
)

const tab =
  '-mb-px border-b-2 border-transparent px-3 py-2 font-medium whitespace-nowrap text-quiet no-underline hover:text-text aria-[current=page]:border-accent aria-[current=page]:text-text'

const TabAnchor = ({ children, ...rest }: ComponentProps<'a'>) => (
  <a {...rest} className={tab}>
    {children}
  </a>
)

export const Tab: LinkComponent<typeof TabAnchor> = createLink(TabAnchor)

/** One of a few, where it changes what is shown here and nothing else. */
export const Segments = <T extends string>({
  label,
  value,
  onChange,
  options,
}: {
  label: string
  value: T
  onChange: (value: T) => void
  options: readonly (readonly [T, ReactNode])[]
}) => (
  <div role="group" aria-label={label} className="inline-flex rounded-md border border-line bg-sunken p-0.5">
    {options.map(([option, shown]) => (
      <button
        key={option}
        type="button"
        aria-pressed={option === value}
        onClick={() => onChange(option)}
        className="min-h-8 rounded-sm px-3 text-sm font-medium text-quiet hover:text-text aria-pressed:bg-card aria-pressed:text-text aria-pressed:shadow-sm pointer-coarse:min-h-10"
      >
        {shown}
      </button>
    ))}
  </div>
)
