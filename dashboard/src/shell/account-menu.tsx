// Who is signed in, where their own pages are, and the way out.
import { useMe } from '../api/queries.ts'
import { api } from '../api/client.ts'
import { PersonIcon } from '../kit/icons.tsx'
import { MenuButton, MenuLink, Popover } from '../kit/menu.tsx'

/** At most two letters. */
const initialsOf = (name: string): string =>
  name
    .split(/\s+/)
    .filter(Boolean)
    .flatMap((word, index, words) => (index === 0 || index === words.length - 1 ? [[...word][0] ?? ''] : []))
    .join('')
    .toUpperCase()

const signOut = async (): Promise<void> => {
  await api.post('/account/sign-out')
  window.location.assign('/login')
}

export const AccountMenu = () => {
  const { name, email, operator } = useMe()
  const initials = initialsOf(name)
  return (
    <Popover
      side="right"
      className="grid size-9 place-items-center rounded-full bg-accent-soft text-sm font-semibold text-accent hover:outline-2 hover:outline-line"
      button={
        <>
          <span className="unseen">Account of {name}</span>
          {initials === '' ? <PersonIcon /> : <span aria-hidden="true">{initials}</span>}
        </>
      }
    >
      {(close) => (
        <>
          <div className="mb-1 border-b border-line px-2.5 pt-1 pb-2.5">
            <p className="truncate font-medium">{name}</p>
            <p className="truncate text-sm text-quiet">{email}</p>
          </div>
          <nav aria-label="Account">
            <MenuLink to="/organizations" onClick={close}>
              Organizations
            </MenuLink>
            <MenuLink to="/account" onClick={close} activeOptions={{ exact: true }}>
              Profile
            </MenuLink>
            <MenuLink to="/account/security" onClick={close}>
              Security
            </MenuLink>
            <MenuLink to="/account/tokens" onClick={close}>
              API tokens
            </MenuLink>
            <MenuLink to="/account/applications" onClick={close}>
              Connected applications
            </MenuLink>
            {operator && (
              <MenuLink to="/operator/users" onClick={close}>
                Operator area
              </MenuLink>
            )}
          </nav>
          <div className="mt-1 border-t border-line pt-1">
            <MenuButton onClick={() => void signOut()}>Sign out</MenuButton>
          </div>
        </>
      )}
    </Popover>
  )
}
