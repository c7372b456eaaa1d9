// Keys in rows, and what can be done with each.
import { type ReactNode, useState } from 'react'
import { Badge } from '../../kit/badge.tsx'
import { Button } from '../../kit/button.tsx'
import { MoreIcon } from '../../kit/icons.tsx'
import { MenuButton, Popover } from '../../kit/menu.tsx'
import type { Column } from '../../kit/table.tsx'
import { Time } from '../../kit/time.tsx'
import { EditKeyDialog } from './edit-key.tsx'
import { EnvironmentBadge } from './environment.tsx'
import type { ApiKey, KeyRights } from './keys.ts'
import { wordsOf } from './keys.ts'
import { RevokeKeyDialog } from './revoke-key.tsx'
import { RotateKeyDialog, StillUsedDialog } from './rotate-key.tsx'

const soonMs = 14 * 86_400_000

const endsSoon = ({ expires_at }: ApiKey): boolean =>
  expires_at !== null && Date.parse(expires_at) < Date.now() + soonMs

const StateBadge = ({ apiKey }: { apiKey: ApiKey }) => {
  if (apiKey.state === 'revoked') return <Badge look="bad">Revoked</Badge>
  if (apiKey.state === 'expired') return <Badge>Expired</Badge>
  if (apiKey.rotated_to !== null) return <Badge look="warn">Being replaced</Badge>
  return <Badge look="outline">Active</Badge>
}

const KeyName = ({ apiKey }: { apiKey: ApiKey }) => (
  <div className="grid min-w-36 gap-0.5">
    <span className="font-medium break-words">{apiKey.name}</span>
    <code className="whitespace-nowrap text-quiet">{apiKey.hint}</code>
    <div className="mt-0.5 flex flex-wrap items-center gap-1.5">
      <EnvironmentBadge name={apiKey.environment} />
      <StateBadge apiKey={apiKey} />
    </div>
  </div>
)

const Permissions = ({ apiKey: { scopes, apis, networks } }: { apiKey: ApiKey }) => (
  <div className="grid gap-0.5">
    <span>{scopes === null ? 'Everything' : wordsOf(scopes).join(', ')}</span>
    {apis !== null && <span className="text-sm text-quiet">at {apis.join(', ')}</span>}
    {networks !== null && (
      <span className="text-sm text-quiet" title={networks.join('\n')}>
        from {networks[0]}
        {networks.length > 1 && ` and ${networks.length - 1} more`}
      </span>
    )}
  </div>
)

type Doing = 'edit' | 'rotate' | 'revoke' | 'still-used'

/** What is to be done with a key: a menu, and the dialog of what was chosen from it. */
const KeyActions = ({ apiKey }: { apiKey: ApiKey }) => {
  const [doing, setDoing] = useState<Doing>()
  const onClose = (): void => setDoing(undefined)
  const active = apiKey.state === 'active'
  const entry = (what: Doing, words: string, close: () => void, danger = false): ReactNode => (
    <MenuButton
      danger={danger}
      onClick={() => {
        // focus goes back to the menu's button first, so that the dialog gives it back there
        close()
        setDoing(what)
      }}
    >
      {words}
    </MenuButton>
  )
  if (apiKey.state === 'revoked') return null
  return (
    <>
      <Popover
        button={<MoreIcon />}
        label={`Actions for ${apiKey.name}`}
        side="right"
        width="w-52"
        className="inline-grid size-8 place-items-center rounded-md text-quiet hover:bg-sunken hover:text-text pointer-coarse:size-11"
      >
        {(close) => (
          <>
            {active && entry('edit', 'Edit', close)}
            {active && apiKey.rotated_to === null && entry('rotate', 'Rotate', close)}
            {active && apiKey.rotated_to !== null && entry('still-used', 'Who still uses it', close)}
            {entry('revoke', 'Revoke', close, true)}
          </>
        )}
      </Popover>
      {doing === 'edit' && <EditKeyDialog apiKey={apiKey} onClose={onClose} />}
      {doing === 'rotate' && <RotateKeyDialog apiKey={apiKey} onClose={onClose} />}
      {doing === 'still-used' && <StillUsedDialog apiKey={apiKey} onClose={onClose} />}
      {doing === 'revoke' && <RevokeKeyDialog apiKey={apiKey} onClose={onClose} />}
    </>
  )
}

const actions = ({ manages }: KeyRights): Column<ApiKey> => ({
  name: 'Actions',
  quiet: true,
  right: true,
  cell: (apiKey) => (manages(apiKey) ? <KeyActions apiKey={apiKey} /> : null),
})

/** Of the page that keys are managed on. */
export const keyColumns = (rights: KeyRights): Column<ApiKey>[] => [
  { name: 'Name', sort: 'name', cell: (apiKey) => <KeyName apiKey={apiKey} /> },
  { name: 'Permissions', cell: (apiKey) => <Permissions apiKey={apiKey} /> },
  {
    name: 'Created',
    sort: 'created',
    cell: ({ created_at, created_by_name }) => (
      <div className="grid md:min-w-32">
        <Time at={created_at} />
        <span className="text-sm break-words text-quiet">by {created_by_name ?? 'somebody who has left'}</span>
      </div>
    ),
  },
  { name: 'Last used', sort: 'last_used', cell: ({ last_used_at }) => <Time at={last_used_at} /> },
  {
    name: 'Expires',
    sort: 'expires',
    cell: (apiKey) =>
      apiKey.state === 'active' && endsSoon(apiKey) ? (
        <span className="font-medium text-warn">
          <Time at={apiKey.expires_at} />
        </span>
      ) : (
        <Time at={apiKey.expires_at} form="day" />
      ),
  },
  actions(rights),
]

const RevokeButton = ({ apiKey }: { apiKey: ApiKey }) => {
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button size="small" look="danger" aria-label={`Revoke ${apiKey.name}`} onClick={() => setOpen(true)}>
        Revoke
      </Button>
      {open && <RevokeKeyDialog apiKey={apiKey} onClose={() => setOpen(false)} />}
    </>
  )
}

/** Of the organization's first page. */
export const glanceColumns = ({ manages }: KeyRights): Column<ApiKey>[] => [
  { name: 'Name', cell: (apiKey) => <KeyName apiKey={apiKey} /> },
  { name: 'Created', cell: ({ created_at }) => <Time at={created_at} /> },
  { name: 'Last used', cell: ({ last_used_at }) => <Time at={last_used_at} /> },
  {
    name: 'Actions',
    quiet: true,
    right: true,
    cell: (apiKey) => (manages(apiKey) ? <RevokeButton apiKey={apiKey} /> : null),
  },
]
