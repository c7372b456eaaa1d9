// /account/alerts: about a person's own tokens.
import { Page } from '../../kit/page.tsx'
import { AlertList } from './alert-list.tsx'

export const OwnAlertsPage = () => (
  <Page title="Alerts" windowTitle="Your alerts" lead="About your own API tokens and legacy tokens.">
    <AlertList path="/account/alerts" mayDismiss />
  </Page>
)
