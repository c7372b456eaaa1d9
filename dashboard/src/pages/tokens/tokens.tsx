// /account/tokens: personal access tokens, and the legacy ones.
import { Page } from '../../kit/page.tsx'

export const TokensPage = () => (
  <Page title="API tokens">
    <p className="text-quiet">Nothing here yet.</p>
  </Page>
)
