// /organizations/…/settings: name, tier, ownership, and the end of an organization.
import { Page } from '../../kit/page.tsx'

export const SettingsPage = () => (
  <Page title="General">
    <p className="text-quiet">Nothing here yet.</p>
  </Page>
)
