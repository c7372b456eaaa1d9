// Makes a key: what it is called and may do; then the key itself, once, with a command to try it.
import { useState } from 'react'
import { apiFor, curlFor } from '../../api/curl.ts'
import { api } from '../../api/client.ts'
import { useDeployment } from '../../api/queries.ts'
import { FormDialog } from '../../kit/dialog.tsx'
import { FieldGroup, Radio, TextField } from '../../kit/field.tsx'
import { SecretDialog } from '../../kit/secret.tsx'
import { EnvironmentBadge } from './environment.tsx'
import {
  ApisField,
  ExpiryField,
  NetworksField,
  ScopesField,
  expiryBody,
  networksOf,
  noExpiry,
  withNetworkMistakes,
} from './key-fields.tsx'
import { type NewApiKey, keysPath, refreshKeys, useKeyRights } from './keys.ts'

/** A key that has just been made, with a command that uses it. */
export const NewKeyDialog = ({ made, title, onClose }: { made: NewApiKey; title: string; onClose: () => void }) => {
  const deployment = useDeployment()
  const target = apiFor(deployment, 'api_key', { environment: made.environment, held: made.apis })
  return (
    <SecretDialog title={title} secret={made.key} label="key" curl={curlFor(target, made.key)} onClose={onClose}>
      <p className="flex flex-wrap items-center gap-2">
        <strong>{made.name}</strong> <EnvironmentBadge name={made.environment} />
      </p>
    </SecretDialog>
  )
}

export const CreateKeyDialog = ({
  organizationId,
  environment: first,
  onClose,
}: {
  organizationId: string
  environment?: string | undefined
  onClose: () => void
}) => {
  const { environments, key_prefix } = useDeployment()
  const { role } = useKeyRights(organizationId)
  const [name, setName] = useState('')
  const [environment, setEnvironment] = useState(first ?? environments[0] ?? '')
  const [scopes, setScopes] = useState<string[] | null>(null)
  const [apis, setApis] = useState<string[] | null>(null)
  const [expiry, setExpiry] = useState(noExpiry)
  const [networks, setNetworks] = useState('')
  const [made, setMade] = useState<NewApiKey>()
  if (made) return <NewKeyDialog title="API key created" made={made} onClose={onClose} />
  const create = async (): Promise<void> => {
    const body = {
      name,
      environment,
      ...(scopes && { scopes: scopes.join(' ') }),
      ...(apis && { apis }),
      networks: networksOf(networks),
      ...expiryBody(expiry),
    }
    setMade(await withNetworkMistakes(() => api.post<NewApiKey>(keysPath(organizationId), body)))
    await refreshKeys(organizationId)
  }
  return (
    <FormDialog
      title="Create API Key"
      submit="Create API Key"
      onSubmit={create}
      onClose={onClose}
      ready={name.trim() !== '' && scopes?.length !== 0 && apis?.length !== 0}
    >
      <TextField
        label="Name"
        required
        maxLength={200}
        placeholder="Production server"
        value={name}
        onChange={(event) => setName(event.target.value)}
        hint="What uses it, so that you know it again."
      />
      {environments.length > 1 && (
        <FieldGroup legend="Environment">
          {environments.map((option) => (
            <Radio
              key={option}
              name="environment"
              label={
                <span className="inline-flex flex-wrap items-center gap-2">
                  <EnvironmentBadge name={option} />
                  <code className="text-quiet">
                    {key_prefix}_{option}_…
                  </code>
                </span>
              }
              checked={environment === option}
              onChange={() => setEnvironment(option)}
            />
          ))}
        </FieldGroup>
      )}
      <ScopesField
        value={scopes}
        onChange={setScopes}
        held={apis}
        role={role}
        wholeLabel="Everything that your role covers"
      />
      <ApisField value={apis} onChange={setApis} />
      <ExpiryField value={expiry} onChange={setExpiry} />
      <NetworksField value={networks} onChange={setNetworks} />
    </FormDialog>
  )
}
