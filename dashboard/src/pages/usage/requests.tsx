// /organizations/…/requests: decisions as they are made.
import { Page } from '../../kit/page.tsx'

export const RequestsPage = () => (
  <Page title="Requests">
    <p className="text-quiet">Nothing here yet.</p>
  </Page>
)
