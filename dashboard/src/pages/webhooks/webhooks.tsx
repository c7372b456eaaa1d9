// /organizations/…/settings/webhooks: where alerts are sent.
import { Page } from '../../kit/page.tsx'

export const WebhooksPage = () => (
  <Page title="Webhooks">
    <p className="text-quiet">Nothing here yet.</p>
  </Page>
)
