// /operator/audit: who changed what, everywhere.
import { AuditLog } from './audit-log.tsx'
import { actionKinds, operatorActionKinds } from './words.ts'

export const OperatorAuditPage = () => (
  <AuditLog
    path="/audit"
    lead="Every change on this deployment, in all organizations and in none."
    kinds={[...operatorActionKinds, ...actionKinds]}
    people={[]}
  />
)
