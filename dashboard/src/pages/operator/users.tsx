// /operator/users: everybody who has an account here.
import { Page } from '../../kit/page.tsx'

export const UsersPage = () => (
  <Page title="Users">
    <p className="text-quiet">Nothing here yet.</p>
  </Page>
)
