// Where nobody has asked anything yet: how a first request is made.
import { useDeployment } from '../../api/queries.ts'
import { apiFor, curlFor } from '../../api/curl.ts'
import { ButtonLink } from '../../kit/button.tsx'
import { Empty } from '../../kit/empty.tsx'
import { CodeBlock } from '../../kit/secret.tsx'

export const FirstRequest = ({ organizationId, level = 2 }: { organizationId: string; level?: 2 | 3 }) => {
  const curl = curlFor(apiFor(useDeployment(), 'api_key'), 'YOUR_API_KEY')
  return (
    <Empty
      title="No requests yet"
      level={level}
      actions={
        <ButtonLink to="/organizations/$organizationId/settings/api-keys" params={{ organizationId }} look="primary">
          Go to API Keys
        </ButtonLink>
      }
    >
      <p>Create an API key and call the API with it. What it asks for shows here within seconds.</p>
      {curl !== undefined && (
        <div className="mt-3 text-left">
          <CodeBlock text={curl} label="command" />
        </div>
      )}
    </Empty>
  )
}
