// The one time that a client's secret is shown, with its id and a request for a token.
import { useState } from 'react'
import { curlForToken } from '../../api/curl.ts'
import { useDeployment } from '../../api/queries.ts'
import { Select } from '../../kit/field.tsx'
import { CodeBlock, SecretDialog } from '../../kit/secret.tsx'
import type { ClientWithSecret } from './queries.ts'

export const ClientSecret = ({
  title,
  client,
  onClose,
}: {
  title: string
  client: ClientWithSecret
  onClose: () => void
}) => {
  const deployment = useDeployment()
  const apis = deployment.apis.filter(
    ({ name, accepts, environments }) =>
      (client.apis === null || client.apis.includes(name)) &&
      accepts.includes('oauth_token') &&
      environments.includes(client.environment),
  )
  const [name, setName] = useState<string>()
  const api =
    apis.find((one) => one.name === name) ?? apis.find((one) => one.name === deployment.default_api) ?? apis[0]
  const secret = client.client_secret ?? ''
  const asksForItself = client.grants.includes('client_credentials')
  return (
    <SecretDialog
      title={title}
      secret={secret}
      label="client secret"
      curl={asksForItself && api ? curlForToken(deployment, api, { id: client.client_id, secret }) : undefined}
      onClose={onClose}
    >
      <div>
        <p className="mb-1.5 font-medium">Client ID</p>
        <CodeBlock text={client.client_id} label="client ID" />
      </div>
      {asksForItself && apis.length > 1 && (
        <Select label="API to try it at" value={api?.name} onChange={(event) => setName(event.target.value)}>
          {apis.map((one) => (
            <option key={one.name}>{one.name}</option>
          ))}
        </Select>
      )}
    </SecretDialog>
  )
}
