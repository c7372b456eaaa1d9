// /organizations/…: an organization at a glance.
import { Page } from '../../kit/page.tsx'

export const OverviewPage = () => (
  <Page title="Overview">
    <p className="text-quiet">Nothing here yet.</p>
  </Page>
)
