// The legacy tokens of somebody who has some: what they are, and the way to each one's replacement.
import { useList } from '../../api/list.ts'
import { Badge } from '../../kit/badge.tsx'
import { ButtonLink } from '../../kit/button.tsx'
import { Notice } from '../../kit/notice.tsx'
import { Section } from '../../kit/page.tsx'
import { type Column, ListTable } from '../../kit/table.tsx'
import { Time } from '../../kit/time.tsx'
import { type LegacyToken, legacyTokensKey } from './queries.ts'

export const legacyReach = ({ organization_id: id, organization_name: name }: LegacyToken): string =>
  id === null ? 'All organizations' : (name ?? 'One that you have left')

const columns: readonly Column<LegacyToken>[] = [
  {
    name: 'Name',
    cell: ({ name, hint }) => (
      <div className="grid justify-items-start gap-0.5">
        <span className="font-medium break-words">{name}</span>
        <code className="text-quiet">{hint}</code>
      </div>
    ),
  },
  { name: 'Organizations', cell: legacyReach },
  { name: 'Last used', cell: ({ last_used_at: at }) => <Time at={at} none="Never used" /> },
  {
    name: 'Replacement',
    cell: ({ successor }) =>
      successor ? <span className="break-words">{successor.name}</span> : <Badge look="warn">None yet</Badge>,
  },
  {
    name: 'Actions',
    quiet: true,
    right: true,
    cell: ({ id, name, successor }) => (
      <ButtonLink size="small" to="/account/tokens/legacy/$tokenId" params={{ tokenId: id }}>
        {successor ? 'Continue' : 'Replace'}
        <span className="unseen"> {name}</span>
      </ButtonLink>
    ),
  },
]

/** Nothing for those who have none. */
export const LegacyTokens = () => {
  const list = useList<LegacyToken>(legacyTokensKey, '/account/legacy-tokens')
  if (!list.error && (list.rows === undefined || (list.rows.length === 0 && list.page === 1))) return null
  return (
    <Section title="Legacy API tokens">
      <Notice look="warn" title="Legacy tokens are deprecated and less secure than personal access tokens.">
        They never expire and were made elsewhere. Replace each: create a personal access token, update your
        integrations, then delete the legacy token once nothing depends on it.
      </Notice>
      <ListTable
        list={list}
        caption="Legacy API tokens"
        columns={columns}
        keyOf={({ id }) => id}
        nameOf={({ name }) => name}
        empty={null}
      />
    </Section>
  )
}
