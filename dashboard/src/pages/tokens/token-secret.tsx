// The one time that a personal access token is shown, with a request to try it with at an API that takes it.
import { useState } from 'react'
import { apiFor, curlFor } from '../../api/curl.ts'
import { useDeployment } from '../../api/queries.ts'
import { Select } from '../../kit/field.tsx'
import { SecretDialog } from '../../kit/secret.tsx'

export const TokenSecret = ({ title, token, onClose }: { title: string; token: string; onClose: () => void }) => {
  const deployment = useDeployment()
  const apis = deployment.apis.filter(({ accepts, url }) => accepts.includes('personal_access_token') && url !== null)
  const [name, setName] = useState<string>()
  const api = apis.find((one) => one.name === name) ?? apiFor(deployment, 'personal_access_token')
  return (
    <SecretDialog title={title} secret={token} label="token" curl={curlFor(api, token)} onClose={onClose}>
      {apis.length > 1 && (
        <Select label="API to try it at" value={api?.name} onChange={(event) => setName(event.target.value)}>
          {apis.map((one) => (
            <option key={one.name}>{one.name}</option>
          ))}
        </Select>
      )}
    </SecretDialog>
  )
}
