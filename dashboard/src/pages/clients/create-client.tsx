// The form that makes an OAuth client, and the one time that its secret is shown.
import { useState } from 'react'
import { useNavigate } from '@tanstack/react-router'
import { api } from '../../api/client.ts'
import { useDeployment } from '../../api/queries.ts'
import { FormDialog } from '../../kit/dialog.tsx'
import { FieldGroup, Radio, Select, TextField } from '../../kit/field.tsx'
import { toast } from '../../kit/toast.tsx'
import { ClientSecret } from './client-secret.tsx'
import { linesOf, mistakesOf, type Draft } from './draft.ts'
import { AccessFields, AddressesField } from './fields.tsx'
import { type ClientWithSecret, clientChanged } from './queries.ts'

const kinds = {
  machine: {
    label: 'Machine',
    hint: 'A service that acts for itself (client credentials). It has a secret.',
    public: false,
    grants: ['client_credentials'],
  },
  web: {
    label: 'Web app',
    hint: 'A server that people sign in through (authorization code). It has a secret.',
    public: false,
    grants: ['authorization_code', 'refresh_token'],
  },
  app: {
    label: 'Public app',
    hint: 'An app in browsers or on devices, which cannot keep a secret (authorization code with PKCE).',
    public: true,
    grants: ['authorization_code', 'refresh_token'],
  },
} as const

type Kind = keyof typeof kinds

const blank: Draft = {
  name: '',
  redirectUris: '',
  postLogoutRedirectUris: '',
  grants: kinds.machine.grants,
  apis: null,
  scopes: null,
  pkce: 'required',
  dpopBound: false,
  parRequired: false,
  subjectType: 'public',
  uri: '',
}

export const CreateClientDialog = ({ organizationId, onClose }: { organizationId: string; onClose: () => void }) => {
  const navigate = useNavigate()
  const { environments } = useDeployment()
  const [kind, setKind] = useState<Kind>('machine')
  const [draft, setDraft] = useState(blank)
  const [chosen, setEnvironment] = useState<string>()
  const [tried, setTried] = useState(false)
  const [made, setMade] = useState<ClientWithSecret>()
  const open = (client: ClientWithSecret): void => {
    onClose()
    void navigate({
      to: '/organizations/$organizationId/settings/clients/$clientId',
      params: { organizationId, clientId: client.client_id },
    })
  }
  if (made) return <ClientSecret title="Copy your client secret" client={made} onClose={() => open(made)} />
  const { public: isPublic, grants } = kinds[kind]
  const acts = kind !== 'machine'
  const found = mistakesOf({ ...draft, grants })
  const mistakes = tried ? found : {}
  const set = (changes: Partial<Draft>): void => setDraft({ ...draft, ...changes })
  const create = async (): Promise<void> => {
    setTried(true)
    if (Object.keys(found).length > 0) return
    const client = await api.post<ClientWithSecret>(`/organizations/${organizationId}/clients`, {
      name: draft.name.trim(),
      public: isPublic,
      grants,
      ...(chosen !== undefined && { environment: chosen }),
      ...(acts && { redirect_uris: linesOf(draft.redirectUris) }),
      ...(draft.apis && { apis: draft.apis }),
      ...(draft.scopes && { scopes: draft.scopes.join(' ') }),
    })
    clientChanged(client)
    if (client.client_secret !== undefined) return setMade(client)
    toast('Client created.')
    open(client)
  }
  return (
    <FormDialog title="Create Client" submit="Create Client" onSubmit={create} onClose={onClose}>
      <TextField
        label="Name"
        hint={acts ? 'People see it when they are asked to allow it.' : 'To tell it apart later.'}
        mistake={mistakes.name}
        value={draft.name}
        maxLength={200}
        autoFocus
        onChange={(event) => set({ name: event.target.value })}
      />
      {environments.length > 1 && (
        <Select
          label="Environment"
          hint="It cannot be changed later, and its tokens work in no other."
          value={chosen ?? environments[0]}
          onChange={(event) => setEnvironment(event.target.value)}
        >
          {environments.map((environment) => (
            <option key={environment}>{environment}</option>
          ))}
        </Select>
      )}
      <FieldGroup legend="Kind">
        {Object.entries(kinds).map(([id, { label, hint }]) => (
          <Radio
            key={id}
            name="kind"
            label={label}
            hint={hint}
            checked={kind === id}
            onChange={() => setKind(id as Kind)}
          />
        ))}
      </FieldGroup>
      {acts && (
        <AddressesField
          label="Redirect URIs"
          hint="One a line; compared letter by letter."
          value={draft.redirectUris}
          mistake={mistakes.redirectUris}
          onChange={(redirectUris) => set({ redirectUris })}
        />
      )}
      <AccessFields
        value={draft}
        mistakes={mistakes}
        onChange={(access) => set({ apis: access.apis, scopes: access.scopes })}
      />
    </FormDialog>
  )
}
