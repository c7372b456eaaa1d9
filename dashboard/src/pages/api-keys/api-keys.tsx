// /organizations/…/settings/api-keys: keys, live and test, and OAuth clients.
import { useParams } from '@tanstack/react-router'
import { Page } from '../../kit/page.tsx'
import { ClientsSection } from '../clients/clients-section.tsx'

export const ApiKeysPage = () => {
  const { organizationId = '' } = useParams({ strict: false })
  return (
    <Page title="API Keys">
      <ClientsSection organizationId={organizationId} />
    </Page>
  )
}
