// /organizations/…/usage: what an organization's credentials ask for.
import { Page } from '../../kit/page.tsx'

export const UsagePage = () => (
  <Page title="Usage">
    <p className="text-quiet">Nothing here yet.</p>
  </Page>
)
