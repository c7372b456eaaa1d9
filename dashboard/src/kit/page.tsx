// A page: its title, in the window too; what can be done; and where focus goes when people come to it.
import { type ReactNode, useEffect, useId, useRef } from 'react'

let visited = false

export const Page = ({
  title,
  lead,
  up,
  actions,
  children,
  windowTitle = title,
}: {
  title: string
  /** A sentence under the title. */
  lead?: ReactNode
  /** A link to the page that this one is below. */
  up?: ReactNode
  actions?: ReactNode
  children: ReactNode
  /** Where the title alone would not tell windows apart. */
  windowTitle?: string
}) => {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${windowTitle} · Latchkey`
  }, [windowTitle])
  useEffect(() => {
    // at the first page focus is the browser's; after that, a new page is read from its title on
    if (visited) heading.current?.focus({ preventScroll: true })
    visited = true
  }, [])
  return (
    <div className="mx-auto grid w-full max-w-5xl gap-6">
      <header className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div className="min-w-0">
          {up !== undefined && <p className="mb-1 text-sm [&_a]:text-quiet [&_a]:hover:underline">{up}</p>}
          <h1 ref={heading} tabIndex={-1} className="text-2xl font-semibold tracking-[-0.01em] text-balance">
            {title}
          </h1>
          {lead !== undefined && <p className="mt-1 max-w-2xl text-quiet text-pretty">{lead}</p>}
        </div>
        {actions !== undefined && <div className="flex flex-wrap gap-2">{actions}</div>}
      </header>
      {children}
    </div>
  )
}

/** A part of a page with a heading of its own. */
export const Section = ({
  title,
  lead,
  actions,
  children,
}: {
  title: string
  lead?: ReactNode
  actions?: ReactNode
  children: ReactNode
}) => {
  const id = useId()
  return (
    <section aria-labelledby={id} className="grid gap-3">
      <div className="flex flex-wrap items-end justify-between gap-x-6 gap-y-2">
        <div className="min-w-0">
          <h2 id={id} className="text-lg font-semibold">
            {title}
          </h2>
          {lead !== undefined && <p className="max-w-2xl text-quiet text-pretty">{lead}</p>}
        </div>
        {actions !== undefined && <div className="flex flex-wrap gap-2">{actions}</div>}
      </div>
      {children}
    </section>
  )
}

/** A surface for what belongs together. */
export const Card = ({ children, className = 'p-4 sm:p-5' }: { children: ReactNode; className?: string }) => (
  <div className={`card ${className}`}>{children}</div>
)

/** Names and values, such as of one thing. */
export const Facts = ({ facts }: { facts: readonly (readonly [string, ReactNode])[] }) => (
  <dl className="grid items-baseline gap-x-6 gap-y-2 sm:grid-cols-[minmax(8rem,auto)_1fr]">
    {facts.map(([name, value]) => (
      <div key={name} className="contents">
        <dt className="text-quiet max-sm:-mb-2 max-sm:text-sm">{name}</dt>
        <dd className="min-w-0">{value}</dd>
      </div>
    ))}
  </dl>
)
