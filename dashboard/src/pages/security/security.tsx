// /account/security: how one signs in, and where one is signed in.
import { useState } from 'react'
import { Badge } from '../../kit/badge.tsx'
import { Card, Page, Section } from '../../kit/page.tsx'
import { AuthenticatorApp } from './authenticator-app.tsx'
import { Identities } from './identities.tsx'
import { Passkeys } from './passkeys.tsx'
import { Password } from './password.tsx'
import { useAccount } from './queries.ts'
import { RecoveryCodes, RecoveryCodesDialog } from './recovery-codes.tsx'
import { Sessions } from './sessions.tsx'

export const SecurityPage = () => {
  const account = useAccount()
  const [codes, setCodes] = useState<readonly string[]>()
  const two = account.authenticator_app_added_at !== null || account.passkeys > 0
  return (
    <Page title="Security" lead="How you sign in, and where you are signed in.">
      <Section
        title="Signing in"
        actions={two ? <Badge look="good">Two factors</Badge> : <Badge look="warn">Password alone</Badge>}
      >
        <Card className="grid gap-5 p-4 sm:p-5">
          <Password isSet={account.password_set} />
          <AuthenticatorApp addedAt={account.authenticator_app_added_at} onCodes={setCodes} />
          {two && <RecoveryCodes left={account.recovery_codes_left} onCodes={setCodes} />}
        </Card>
      </Section>
      <Passkeys available={account.passkeys_available} onCodes={setCodes} />
      <Identities />
      <Sessions />
      {codes && <RecoveryCodesDialog codes={codes} onClose={() => setCodes(undefined)} />}
    </Page>
  )
}
