// /operator/requests: decisions as they are made, of every organization.
import { Page } from '../../kit/page.tsx'

export const OperatorRequestsPage = () => (
  <Page title="Requests">
    <p className="text-quiet">Nothing here yet.</p>
  </Page>
)
