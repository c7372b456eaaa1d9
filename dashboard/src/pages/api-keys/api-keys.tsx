// /organizations/…/settings/api-keys: keys, live and test, and OAuth clients.
import { Page } from '../../kit/page.tsx'

export const ApiKeysPage = () => (
  <Page title="API Keys">
    <p className="text-quiet">Nothing here yet.</p>
  </Page>
)
