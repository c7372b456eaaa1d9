// What surrounds every page: the bar at the top, the navigation beside, and the places where messages appear.
import { Link, Outlet } from '@tanstack/react-router'
import { KeyIcon } from '../kit/icons.tsx'
import { Toasts } from '../kit/toast.tsx'
import { AccountMenu } from './account-menu.tsx'
import { Navigation, useNavigation } from './navigation.tsx'
import { Offline } from './offline.tsx'
import { OrganizationSwitcher } from './organization-switcher.tsx'
import { ProveAgain } from './prove-again.tsx'
import { Sheet } from './sheet.tsx'

export const Shell = () => {
  const groups = useNavigation()
  return (
    <>
      <a
        href="#main"
        className="fixed top-2 left-2 z-50 -translate-y-20 rounded-md bg-card px-3 py-2 shadow-raised focus:translate-y-0"
        onClick={(event) => {
          event.preventDefault()
          document.querySelector<HTMLElement>('#main')?.focus()
        }}
      >
        Skip to the page
      </a>
      <header className="sticky top-0 z-20 flex h-14 items-center gap-2 border-b border-line bg-card px-4 sm:px-6">
        <Sheet />
        <Link
          to="/organizations"
          aria-label="Latchkey"
          className="flex items-center gap-2 rounded-md font-semibold text-text no-underline"
        >
          <KeyIcon className="size-5 text-accent" />
          <span className="max-sm:hidden">Latchkey</span>
        </Link>
        <span aria-hidden="true" className="ml-1 text-lg font-light text-line">
          /
        </span>
        <div className="min-w-0 flex-1">
          <OrganizationSwitcher />
        </div>
        <AccountMenu />
      </header>
      <Offline />
      <div className={groups.length > 0 ? 'lg:grid lg:grid-cols-[14.5rem_minmax(0,1fr)]' : ''}>
        {groups.length > 0 && (
          <div className="sticky top-14 h-[calc(100dvh-3.5rem)] overflow-y-auto border-r border-line px-3 py-6 max-lg:hidden">
            <Navigation groups={groups} label="Pages" />
          </div>
        )}
        <main id="main" tabIndex={-1} className="min-w-0 px-4 py-6 pb-24 sm:px-6 lg:px-10 lg:py-8">
          <Outlet />
        </main>
      </div>
      <Toasts />
      <ProveAgain />
    </>
  )
}
