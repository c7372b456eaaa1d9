// Revokes one key or several: says first what will stop working.
import { useState } from 'react'
import { api } from '../../api/client.ts'
import { ConfirmDanger } from '../../kit/confirm-danger.tsx'
import { toast } from '../../kit/toast.tsx'
import { EnvironmentBadge } from './environment.tsx'
import { type ApiKey, keysPath, refreshKeys, revokeKey } from './keys.ts'
import { WhatBreaks } from '../usage/credential-use.tsx'

export const RevokeKeyDialog = ({ apiKey, onClose }: { apiKey: ApiKey; onClose: () => void }) => (
  <ConfirmDanger
    title={`Revoke “${apiKey.name}”?`}
    action="Revoke API Key"
    onConfirm={async () => {
      await revokeKey(apiKey)
      toast(`“${apiKey.name}” is revoked.`)
    }}
    onClose={onClose}
  >
    <p className="flex flex-wrap items-center gap-2">
      <code>{apiKey.hint}</code> <EnvironmentBadge name={apiKey.environment} />
    </p>
    <p>
      Whatever uses this key is refused from its next request on, and so is every token made from it. This cannot be
      undone.
    </p>
    <WhatBreaks path={`${keysPath(apiKey.organization_id)}/${apiKey.id}`} noun="key" />
  </ConfirmDanger>
)

const shown = 8

export const RevokeKeysDialog = ({
  organizationId,
  keys,
  onDone,
  onClose,
}: {
  organizationId: string
  keys: readonly ApiKey[]
  onDone: () => void
  onClose: () => void
}) => {
  const [openedAt] = useState(Date.now)
  const what = `${keys.length} API ${keys.length === 1 ? 'Key' : 'Keys'}`
  const recent = keys.filter(
    ({ last_used_at }) => last_used_at !== null && Date.parse(last_used_at) > openedAt - 86_400_000,
  )
  return (
    <ConfirmDanger
      title={`Revoke ${what}?`}
      action={`Revoke ${what}`}
      onConfirm={async () => {
        await api.post(`${keysPath(organizationId)}/revoke`, { key_ids: keys.map(({ id }) => id) })
        await refreshKeys(organizationId)
        toast(`${what} revoked.`)
        onDone()
      }}
      onClose={onClose}
    >
      <p>
        Whatever uses them is refused from its next request on.{' '}
        {recent.length > 0 ? (
          <strong>
            {recent.length} of them {recent.length === 1 ? 'was' : 'were'} used in the last 24 hours.
          </strong>
        ) : (
          'None of them was used in the last 24 hours.'
        )}{' '}
        This cannot be undone.
      </p>
      <ul className="grid gap-1">
        {keys.slice(0, shown).map((key) => (
          <li key={key.id} className="flex flex-wrap items-center gap-2">
            {key.name} <code className="text-quiet">{key.hint}</code> <EnvironmentBadge name={key.environment} />
          </li>
        ))}
        {keys.length > shown && <li className="text-quiet">and {keys.length - shown} more</li>}
      </ul>
    </ConfirmDanger>
  )
}
