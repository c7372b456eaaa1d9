// /organizations: those that one belongs to.
import { Page } from '../../kit/page.tsx'

export const OrganizationsPage = () => (
  <Page title="Organizations">
    <p className="text-quiet">Nothing here yet.</p>
  </Page>
)
