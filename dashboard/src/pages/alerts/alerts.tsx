// /organizations/…/alerts: what needs somebody's eye.
import { Page } from '../../kit/page.tsx'

export const AlertsPage = () => (
  <Page title="Alerts">
    <p className="text-quiet">Nothing here yet.</p>
  </Page>
)
