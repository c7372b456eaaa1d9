// The side navigation on phones: a sheet from the left, closed by going somewhere.
import { useRef } from 'react'
import { CloseIcon, MenuIcon } from '../kit/icons.tsx'
import { Navigation, useNavigation } from './navigation.tsx'

export const Sheet = () => {
  const groups = useNavigation()
  const sheet = useRef<HTMLDialogElement>(null)
  if (groups.length === 0) return null
  return (
    <>
      <button
        type="button"
        aria-label="Navigation"
        className="-ml-2 grid size-10 place-items-center rounded-md text-quiet hover:bg-sunken hover:text-text lg:hidden"
        onClick={() => sheet.current?.showModal()}
      >
        <MenuIcon className="size-5" />
      </button>
      <dialog
        ref={sheet}
        aria-label="Navigation"
        onClick={(event) => event.target === sheet.current && sheet.current.close()}
        className="fixed inset-y-0 left-0 m-0 h-dvh max-h-none w-72 max-w-[85vw] overflow-y-auto border-r border-line bg-card p-0 text-text lg:hidden"
      >
        <div className="p-3">
          <button
            type="button"
            aria-label="Close navigation"
            className="mb-2 grid size-10 place-items-center rounded-md text-quiet hover:bg-sunken hover:text-text"
            onClick={() => sheet.current?.close()}
          >
            <CloseIcon className="size-5" />
          </button>
          <Navigation groups={groups} label="Pages" onGo={() => sheet.current?.close()} />
        </div>
      </dialog>
    </>
  )
}
