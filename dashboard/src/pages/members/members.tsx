// /organizations/…/settings/members: who belongs to an organization, and as what.
import { Page } from '../../kit/page.tsx'

export const MembersPage = () => (
  <Page title="Members">
    <p className="text-quiet">Nothing here yet.</p>
  </Page>
)
