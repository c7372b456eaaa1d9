// /organizations/…/audit: who changed what.
import { Page } from '../../kit/page.tsx'

export const AuditPage = () => (
  <Page title="Audit log">
    <p className="text-quiet">Nothing here yet.</p>
  </Page>
)
