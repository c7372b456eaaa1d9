// /account/applications: what may act in one's place.
import { Page } from '../../kit/page.tsx'

export const ApplicationsPage = () => (
  <Page title="Connected applications">
    <p className="text-quiet">Nothing here yet.</p>
  </Page>
)
