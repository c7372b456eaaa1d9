// A button that opens a small surface beside it, on the native popover: one is open at a time, Escape and a click elsewhere close it.
import { type ComponentProps, type KeyboardEvent, type ReactNode, useId, useRef, useState } from 'react'
import { type LinkComponent, createLink } from '@tanstack/react-router'

const gap = 6

/** Below the button or, where there is no room, above it; within the window. Set by script, so that the policy need not allow style attributes. */
const place = (surface: HTMLElement, button: HTMLElement, side: 'left' | 'right'): void => {
  const { left, right, top, bottom } = button.getBoundingClientRect()
  const width = surface.offsetWidth
  const wanted = side === 'left' ? left : right - width
  surface.style.left = `${Math.max(8, Math.min(wanted, window.innerWidth - width - 8))}px`
  const below = window.innerHeight - bottom - gap - 8
  const above = top - gap - 8
  const upward = surface.scrollHeight > below && above > below
  const room = upward ? above : below
  surface.style.maxHeight = `${room}px`
  surface.style.top = `${upward ? top - gap - Math.min(room, surface.offsetHeight) : bottom + gap}px`
}

/** Arrow keys go from entry to entry. */
const moveByArrows = (event: KeyboardEvent<HTMLElement>): void => {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return
  const entries = [...event.currentTarget.querySelectorAll<HTMLElement>('a[href], button:not(:disabled), input')]
  const at = entries.indexOf(document.activeElement as HTMLElement)
  const next = entries[at + (event.key === 'ArrowDown' ? 1 : -1)]
  if (!next) return
  event.preventDefault()
  next.focus()
}

export const Popover = ({
  button,
  label,
  className,
  side = 'left',
  width = 'w-60',
  children,
  onOpen,
}: {
  /** What the button shows. */
  button: ReactNode
  /** Its name, where what it shows does not say it. */
  label?: string
  className: string
  side?: 'left' | 'right'
  width?: string
  /** Rendered while it is open. `close` puts focus back on the button. */
  children: (close: () => void) => ReactNode
  onOpen?: () => void
}) => {
  const id = useId()
  const [surface, setSurface] = useState<HTMLDivElement | null>(null)
  const opener = useRef<HTMLButtonElement>(null)
  const [open, setOpen] = useState(false)
  return (
    <>
      <button
        ref={opener}
        type="button"
        popoverTarget={id}
        aria-label={label}
        aria-expanded={open}
        className={className}
      >
        {button}
      </button>
      <div
        ref={setSurface}
        id={id}
        popover="auto"
        onToggle={(event) => {
          const opened = event.newState === 'open'
          setOpen(opened)
          if (!opened) return
          onOpen?.()
        }}
        onBeforeToggle={(event) => {
          if (event.newState !== 'open') return
          requestAnimationFrame(() => {
            if (surface && opener.current) place(surface, opener.current, side)
          })
        }}
        onKeyDown={moveByArrows}
        className={`fixed inset-auto m-0 overflow-y-auto rounded-lg border border-line bg-card p-1.5 text-left text-text shadow-raised ${width}`}
      >
        {open && children(() => surface?.hidePopover())}
      </div>
    </>
  )
}

const entry =
  'flex w-full items-center gap-2 rounded-md px-2.5 py-1.5 text-left text-text no-underline hover:bg-sunken aria-[current=page]:bg-sunken aria-[current=page]:font-medium pointer-coarse:min-h-11'

export const MenuButton = ({ danger = false, ...rest }: { danger?: boolean } & ComponentProps<'button'>) => (
  <button type="button" {...rest} className={`${entry} ${danger ? 'text-bad!' : ''}`} />
)

const MenuAnchor = ({ children, ...rest }: ComponentProps<'a'>) => (
  <a {...rest} className={entry}>
    {children}
  </a>
)

export const MenuLink: LinkComponent<typeof MenuAnchor> = createLink(MenuAnchor)
