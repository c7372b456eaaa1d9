// /account: who one is here.
import { Page } from '../../kit/page.tsx'

export const ProfilePage = () => (
  <Page title="Profile">
    <p className="text-quiet">Nothing here yet.</p>
  </Page>
)
