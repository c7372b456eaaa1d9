// /operator/signing-keys: what tokens are signed with.
import { Page } from '../../kit/page.tsx'

export const SigningKeysPage = () => (
  <Page title="Signing keys">
    <p className="text-quiet">Nothing here yet.</p>
  </Page>
)
