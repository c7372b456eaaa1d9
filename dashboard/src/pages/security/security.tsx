// /account/security: how one signs in, and where one is signed in.
import { Page } from '../../kit/page.tsx'

export const SecurityPage = () => (
  <Page title="Security">
    <p className="text-quiet">Nothing here yet.</p>
  </Page>
)
