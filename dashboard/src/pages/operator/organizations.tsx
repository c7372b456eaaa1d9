// /operator/organizations: every organization there is.
import { Page } from '../../kit/page.tsx'

export const AllOrganizationsPage = () => (
  <Page title="Organizations">
    <p className="text-quiet">Nothing here yet.</p>
  </Page>
)
