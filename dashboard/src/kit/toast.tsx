// Short words about what was done, in a live region; they go by themselves and nothing depends on having seen them.
import { useSyncExternalStore } from 'react'

interface Toast {
  id: number
  text: string
  /** Read out, but not shown: what is seen says it already. */
  unseen: boolean
}

const shownForMs = 6_000
let last = 0
let toasts: readonly Toast[] = []
const listeners = new Set<() => void>()

const set = (next: readonly Toast[]): void => {
  toasts = next
  for (const listener of listeners) listener()
}

const add = (text: string, unseen: boolean): void => {
  last += 1
  const id = last
  set([...toasts, { id, text, unseen }].slice(-3))
  setTimeout(() => set(toasts.filter((toast) => toast.id !== id)), shownForMs)
}

/** Says what was done: `Key revoked.` */
export const toast = (text: string): void => add(text, false)

/** As `toast`, for screen readers alone. */
export const announce = (text: string): void => add(text, true)

const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

/** Once, in the page's frame. */
export const Toasts = () => {
  const shown = useSyncExternalStore(subscribe, () => toasts)
  return (
    <div
      role="status"
      className="pointer-events-none fixed inset-x-4 bottom-4 z-50 grid justify-items-center gap-2 sm:justify-items-end"
    >
      {shown.map(({ id, text, unseen }) => (
        <p
          key={id}
          className={
            unseen
              ? 'unseen'
              : 'pointer-events-auto animate-toast rounded-md bg-text px-4 py-2.5 text-ground shadow-raised'
          }
        >
          {text}
        </p>
      ))}
    </div>
  )
}
