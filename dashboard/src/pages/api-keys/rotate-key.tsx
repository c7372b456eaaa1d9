// Rotates a key: a new value with everything else as it was, while the old one works on; then who still uses the old one.
import { useState } from 'react'
import { api } from '../../api/client.ts'
import { Button } from '../../kit/button.tsx'
import { Dialog, DialogBody, DialogFooter, FormDialog, useAction } from '../../kit/dialog.tsx'
import { FieldGroup, Radio } from '../../kit/field.tsx'
import { ErrorNotice } from '../../kit/notice.tsx'
import { Time } from '../../kit/time.tsx'
import { toast } from '../../kit/toast.tsx'
import { NewKeyDialog } from './create-key.tsx'
import { type ApiKey, type NewApiKey, keysPath, refreshKeys, revokeKey } from './keys.ts'
import { CredentialUse } from '../usage/credential-use.tsx'

const overlaps = [
  [0, 'It ends now', 'For a key that others may know.'],
  [3_600, '1 hour', undefined],
  [86_400, '24 hours', undefined],
  [604_800, '7 days', undefined],
] as const

/** Who still uses a key that has been rotated; it can be ended before its overlap is over. */
export const StillUsedDialog = ({ apiKey, onClose }: { apiKey: ApiKey; onClose: () => void }) => {
  const { busy, error, run } = useAction(async () => {
    await revokeKey(apiKey)
    toast('The old key is revoked.')
    onClose()
  })
  return (
    <Dialog title="Who still uses the old key" onClose={onClose}>
      <DialogBody>
        <p>
          <strong>{apiKey.name}</strong> <code>{apiKey.hint}</code> has been replaced
          {apiKey.expires_at !== null && (
            <>
              {' '}
              and ends <Time at={apiKey.expires_at} />
            </>
          )}
          . Once nothing uses it any more, end it.
        </p>
        <CredentialUse path={`${keysPath(apiKey.organization_id)}/${apiKey.id}`} />
        <ErrorNotice error={error} />
      </DialogBody>
      <DialogFooter>
        <Button onClick={onClose}>Leave it until then</Button>
        <Button look="danger" busy={busy} onClick={() => run()}>
          Revoke the old one now
        </Button>
      </DialogFooter>
    </Dialog>
  )
}

export const RotateKeyDialog = ({ apiKey, onClose }: { apiKey: ApiKey; onClose: () => void }) => {
  const [overlap, setOverlap] = useState(86_400)
  const [made, setMade] = useState<NewApiKey>()
  const [old, setOld] = useState<ApiKey>()
  const path = `${keysPath(apiKey.organization_id)}/${apiKey.id}`
  if (old) return <StillUsedDialog apiKey={old} onClose={onClose} />
  if (made)
    return (
      <NewKeyDialog
        title="API key rotated"
        made={made}
        onClose={() => {
          if (overlap === 0) return onClose()
          api.get<ApiKey>(path).then(setOld, onClose)
        }}
      />
    )
  const rotate = async (): Promise<void> => {
    setMade(await api.post<NewApiKey>(`${path}/rotate`, { overlap_seconds: overlap }))
    await refreshKeys(apiKey.organization_id)
  }
  return (
    <FormDialog title={`Rotate “${apiKey.name}”`} submit="Rotate API Key" onSubmit={rotate} onClose={onClose}>
      <p>
        You get a new key with the same name, permissions, networks and end. Both count against one limit as long as
        both work.
      </p>
      <FieldGroup legend="How long the old key works on">
        {overlaps.map(([seconds, words, hint]) => (
          <Radio
            key={seconds}
            name="overlap"
            label={words}
            hint={hint}
            checked={overlap === seconds}
            onChange={() => setOverlap(seconds)}
          />
        ))}
      </FieldGroup>
    </FormDialog>
  )
}
