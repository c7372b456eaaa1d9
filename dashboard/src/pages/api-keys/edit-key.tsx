// Changes what a key is called, may do, and may be used from. It counts from the next request on.
import { useState } from 'react'
import { api } from '../../api/client.ts'
import { FormDialog } from '../../kit/dialog.tsx'
import { TextField } from '../../kit/field.tsx'
import { toast } from '../../kit/toast.tsx'
import { NetworksField, ScopesField, networksOf, withNetworkMistakes } from './key-fields.tsx'
import { type ApiKey, keysPath, refreshKeys, useKeyRights, wordsOf } from './keys.ts'

export const EditKeyDialog = ({ apiKey, onClose }: { apiKey: ApiKey; onClose: () => void }) => {
  const { role } = useKeyRights(apiKey.organization_id)
  const before = apiKey.scopes === null ? null : wordsOf(apiKey.scopes)
  const [name, setName] = useState(apiKey.name)
  const [scopes, setScopes] = useState<string[] | null>(before)
  const [networks, setNetworks] = useState(apiKey.networks?.join('\n') ?? '')
  const save = async (): Promise<void> => {
    const asked = networksOf(networks) ?? null
    const body = {
      ...(name !== apiKey.name && { name }),
      ...(scopes !== null && scopes.join(' ') !== apiKey.scopes && { scopes: scopes.join(' ') }),
      ...(JSON.stringify(asked) !== JSON.stringify(apiKey.networks) && { networks: asked }),
    }
    if (Object.keys(body).length > 0) {
      await withNetworkMistakes(() => api.patch(`${keysPath(apiKey.organization_id)}/${apiKey.id}`, body))
      await refreshKeys(apiKey.organization_id)
      toast(`“${name}” is saved.`)
    }
    onClose()
  }
  return (
    <FormDialog
      title={`Edit “${apiKey.name}”`}
      submit="Save"
      onSubmit={save}
      onClose={onClose}
      ready={name.trim() !== '' && scopes?.length !== 0}
    >
      <TextField label="Name" required maxLength={200} value={name} onChange={(event) => setName(event.target.value)} />
      <ScopesField
        value={scopes}
        onChange={setScopes}
        held={apiKey.apis}
        role={role}
        more={before ?? []}
        wholeLabel={before === null ? 'Everything that its APIs offer' : undefined}
      />
      <NetworksField value={networks} onChange={setNetworks} />
    </FormDialog>
  )
}
