// The form that makes a personal access token, and the one time that it is shown.
import { useState } from 'react'
import { api } from '../../api/client.ts'
import type { Choosable } from '../../kit/choose-many.tsx'
import { FormDialog } from '../../kit/dialog.tsx'
import { FieldGroup, Radio, TextField } from '../../kit/field.tsx'
import { EndField, endOf } from './end-field.tsx'
import { OrganizationPicker } from './organization-picker.tsx'
import { type LegacyToken, type NewToken, tokensChanged } from './queries.ts'
import { TokenSecret } from './token-secret.tsx'

type Reach = 'all' | 'specific'

/** What the form begins with where the token takes the place of a legacy one: its name, and what it reaches. */
const beginning = (
  legacy: LegacyToken | undefined,
): { name: string; reach: Reach; organizations: readonly Choosable[] } => ({
  name: legacy?.name ?? '',
  reach: legacy?.organization_name ? 'specific' : 'all',
  organizations:
    legacy?.organization_id && legacy.organization_name
      ? [{ id: legacy.organization_id, name: legacy.organization_name }]
      : [],
})

export const CreateTokenDialog = ({ succeeds, onClose }: { succeeds?: LegacyToken; onClose: () => void }) => {
  const [given] = useState(() => beginning(succeeds))
  const [name, setName] = useState(given.name)
  const [end, setEnd] = useState('')
  const [reach, setReach] = useState(given.reach)
  const [organizations, setOrganizations] = useState<readonly Choosable[]>(given.organizations)
  const [tried, setTried] = useState(false)
  const [made, setMade] = useState<NewToken>()
  if (made) return <TokenSecret title="Copy your API token" token={made.token} onClose={onClose} />
  const nameMistake = tried && name.trim() === '' ? 'Give it a name, so that you can tell it apart later.' : undefined
  const reachMistake =
    tried && reach === 'specific' && organizations.length === 0
      ? 'Add at least one organization, or choose all.'
      : undefined
  const create = async (): Promise<void> => {
    setTried(true)
    if (name.trim() === '' || (reach === 'specific' && organizations.length === 0)) return
    const token = await api.post<NewToken>('/account/tokens', {
      name: name.trim(),
      ...endOf(end),
      ...(reach === 'all' ? { all_organizations: true } : { organization_ids: organizations.map(({ id }) => id) }),
      ...(succeeds && { succeeds: succeeds.id }),
    })
    tokensChanged()
    setMade(token)
  }
  return (
    <FormDialog title="Create API token" submit="Create API token" onSubmit={create} onClose={onClose}>
      <TextField
        label="Name"
        hint="A label to identify the token later, e.g. CI/CD pipeline. It has no effect on access."
        mistake={nameMistake}
        value={name}
        maxLength={200}
        autoFocus
        onChange={(event) => setName(event.target.value)}
      />
      <EndField value={end} onChange={setEnd} />
      <FieldGroup legend="Organization access">
        <Radio
          name="reach"
          label="All organizations"
          hint="Every organization that you are a member of, also those that you join later."
          checked={reach === 'all'}
          onChange={() => setReach('all')}
        />
        <Radio
          name="reach"
          label="Specific organizations"
          hint="Only the ones that you add."
          checked={reach === 'specific'}
          onChange={() => setReach('specific')}
        />
      </FieldGroup>
      {reach === 'specific' && (
        <OrganizationPicker chosen={organizations} onChange={setOrganizations} mistake={reachMistake} />
      )}
    </FormDialog>
  )
}
