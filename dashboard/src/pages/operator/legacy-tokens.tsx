// /operator/legacy-tokens: tokens made elsewhere, brought in.
import { Page } from '../../kit/page.tsx'

export const LegacyTokensPage = () => (
  <Page title="Legacy tokens">
    <p className="text-quiet">Nothing here yet.</p>
  </Page>
)
