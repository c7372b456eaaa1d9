// /operator/audit: who changed what, everywhere.
import { Page } from '../../kit/page.tsx'

export const OperatorAuditPage = () => (
  <Page title="Audit log">
    <p className="text-quiet">Nothing here yet.</p>
  </Page>
)
