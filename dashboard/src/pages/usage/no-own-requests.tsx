// Where one's own tokens have asked for nothing yet.
import { ButtonLink } from '../../kit/button.tsx'
import { Empty } from '../../kit/empty.tsx'

export const NoOwnRequests = ({ level = 2 }: { level?: 2 | 3 }) => (
  <Empty
    title="No requests yet"
    level={level}
    actions={
      <ButtonLink to="/account/tokens" look="primary">
        Go to API tokens
      </ButtonLink>
    }
  >
    <p>
      Requests with your own API tokens show here within seconds, as long as they are for no organization in particular.
      What they do for an organization stands under its Usage and Requests.
    </p>
  </Empty>
)
