// /account/tokens: personal access tokens, and the legacy ones that they take the place of.
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { useList } from '../../api/list.ts'
import { Badge } from '../../kit/badge.tsx'
import { Button } from '../../kit/button.tsx'
import { Empty } from '../../kit/empty.tsx'
import { PlusIcon } from '../../kit/icons.tsx'
import { Page } from '../../kit/page.tsx'
import { Search } from '../../kit/search.tsx'
import { type Column, ListTable } from '../../kit/table.tsx'
import { Segments } from '../../kit/tabs.tsx'
import { Time } from '../../kit/time.tsx'
import { CreateTokenDialog } from './create-token.tsx'
import { LegacyTokens } from './legacy-tokens.tsx'
import { type Token, tokensKey } from './queries.ts'
import { TokenActions } from './token-actions.tsx'

const shownNames = 3

const Organizations = ({ token }: { token: Token }) => {
  if (token.all_organizations) return 'All organizations'
  const { organizations, organization_ids: ids } = token
  if (ids.length === 0) return <span className="text-quiet">None any more</span>
  const names = organizations.slice(0, shownNames)
  const rest = ids.length - names.length
  return (
    <>
      {names.map(({ id, name }, index) => (
        <span key={id}>
          {index > 0 && ', '}
          {name ?? (
            <span className="text-quiet" title={id}>
              one that you have left
            </span>
          )}
        </span>
      ))}
      {rest > 0 && <span className="text-quiet"> and {rest} more</span>}
    </>
  )
}

const columns: readonly Column<Token>[] = [
  {
    name: 'Name',
    cell: (token) => (
      <div className="grid justify-items-start gap-0.5">
        <span className={`font-medium break-words ${token.state === 'active' ? '' : 'text-quiet'}`}>{token.name}</span>
        <span className="flex flex-wrap items-center gap-x-2">
          <code className="text-quiet">{token.hint}</code>
          {token.state === 'revoked' && <Badge look="bad">Revoked</Badge>}
          {token.state === 'expired' && <Badge look="warn">Expired</Badge>}
          {token.succeeds !== null && <Badge>Replaces a legacy token</Badge>}
        </span>
      </div>
    ),
  },
  { name: 'Organizations', cell: (token) => <Organizations token={token} /> },
  { name: 'Created', cell: ({ created_at: at }) => <Time at={at} /> },
  { name: 'Last used', cell: ({ last_used_at: at }) => <Time at={at} none="Never used" /> },
  { name: 'Expires', cell: ({ expires_at: at }) => <Time at={at} none="Never expires" form="day" /> },
  { name: 'Actions', quiet: true, right: true, cell: (token) => <TokenActions token={token} /> },
]

const states = [
  ['', 'All'],
  ['active', 'Active'],
  ['expired', 'Expired'],
  ['revoked', 'Revoked'],
] as const

export const TokensPage = () => {
  const { q = '', status: asked = '' } = useSearch({ strict: false })
  const navigate = useNavigate()
  const [creating, setCreating] = useState(false)
  const status = states.find(([state]) => state === asked)?.[0] ?? ''
  const list = useList<Token>(tokensKey, '/account/tokens', { q, status })
  const filter = (changes: Record<string, string>): void =>
    void navigate({
      to: '.',
      search: (before) => ({
        ...before,
        ...Object.fromEntries(Object.entries(changes).map(([name, value]) => [name, value || undefined])),
      }),
      replace: true,
    })
  const create = (
    <Button look="primary" onClick={() => setCreating(true)}>
      <PlusIcon /> Create API token
    </Button>
  )
  const filtered = q !== '' || status !== ''
  return (
    <Page
      title="API tokens"
      lead="Personal access tokens act as you, with your role of the moment, in the organizations that they reach. Treat one like a password."
      actions={create}
    >
      <div className="grid gap-3">
        <div className="flex flex-wrap items-center justify-between gap-3">
          <Search label="Search API tokens" value={q} onSearch={(text) => filter({ q: text })} />
          <Segments label="State" value={status} options={states} onChange={(value) => filter({ status: value })} />
        </div>
        <ListTable
          list={list}
          caption="API tokens"
          columns={columns}
          keyOf={({ id }) => id}
          nameOf={({ name }) => name}
          empty={
            filtered ? (
              <Empty
                title="No token matches"
                actions={<Button onClick={() => filter({ q: '', status: '' })}>Show all tokens</Button>}
              />
            ) : (
              <Empty title="No API tokens yet" actions={create}>
                A token lets a script or a pipeline call the API as you, without your password.
              </Empty>
            )
          }
        />
      </div>
      <LegacyTokens />
      {creating && <CreateTokenDialog onClose={() => setCreating(false)} />}
    </Page>
  )
}
