// /operator/legacy-tokens: tokens made elsewhere, brought in so that their callers can go on until they have changed.
import { type ChangeEvent, type FormEvent, useState } from 'react'
import { useAddress } from '../../api/address.ts'
import { api } from '../../api/client.ts'
import { useList } from '../../api/list.ts'
import { queryClient } from '../../api/queries.ts'
import { Badge } from '../../kit/badge.tsx'
import { Button } from '../../kit/button.tsx'
import { useAction } from '../../kit/dialog.tsx'
import { Empty } from '../../kit/empty.tsx'
import { TextArea } from '../../kit/field.tsx'
import { Notice } from '../../kit/notice.tsx'
import { Card, Page, Section } from '../../kit/page.tsx'
import { Search } from '../../kit/search.tsx'
import { ListTable, Table } from '../../kit/table.tsx'
import { Time } from '../../kit/time.tsx'
import { type BadLine, readLegacyCsv } from './legacy-csv.ts'

interface LegacyToken {
  id: string
  name: string
  hint: string
  user_name: string
  organization_name: string | null
  created_at: string
  last_used_at: string | null
  successor: { name: string } | null
}

interface Imported {
  imported: number
  skipped: number
  failed: BadLine[]
}

const batchSize = 500
const example = 'name,owner,organization,token\nDeploy,ada@example.com,Analytical Engines,the-old-token'

const importCsv = async (text: string): Promise<Imported> => {
  const { lines, bad } = readLegacyCsv(text)
  const total: Imported = { imported: 0, skipped: 0, failed: bad }
  for (let start = 0; start < lines.length; start += batchSize) {
    const answer = await api.post<Imported>('/legacy-tokens/import', { lines: lines.slice(start, start + batchSize) })
    total.imported += answer.imported
    total.skipped += answer.skipped
    total.failed.push(...answer.failed)
  }
  total.failed.sort((a, b) => a.line - b.line)
  return total
}

const Outcome = ({ imported, skipped, failed }: Imported) => (
  <div className="grid gap-3">
    <Notice
      role="status"
      look={failed.length === 0 ? 'good' : 'warn'}
      title={`${imported} imported, ${skipped} there already, ${failed.length} failed`}
    >
      {failed.length > 0 && 'Mend the lines below and import the file again: what is in stays and is passed over.'}
    </Notice>
    {failed.length > 0 && (
      <Table
        caption="Lines that failed"
        rows={failed}
        keyOf={({ line }) => String(line)}
        columns={[
          { name: 'Line', cell: ({ line }) => <span className="tabular-nums">{line}</span> },
          { name: 'Reason', cell: ({ reason }) => reason },
        ]}
        empty={null}
      />
    )}
  </div>
)

const Import = () => {
  const [text, setText] = useState('')
  const [outcome, setOutcome] = useState<Imported>()
  const { busy, error, run } = useAction(async () => {
    setOutcome(undefined)
    setOutcome(await importCsv(text))
    await queryClient.invalidateQueries({ queryKey: ['legacy-tokens'] })
  })
  const choose = async (event: ChangeEvent<HTMLInputElement>): Promise<void> => {
    const [file] = event.target.files ?? []
    if (file) setText(await file.text())
  }
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    run()
  }
  return (
    <Section
      title="Import"
      lead="Only a hash of each token is kept. An owner is an e-mail address or a user id; without an organization, a token reaches all of its owner’s."
    >
      <Card>
        <form onSubmit={submit} className="grid gap-4">
          <div>
            <label htmlFor="legacy-file" className="mb-1 block font-medium">
              CSV file
            </label>
            <input
              id="legacy-file"
              type="file"
              accept=".csv,text/csv"
              onChange={(event) => void choose(event)}
              className="block w-full text-sm file:mr-3 file:min-h-9 file:cursor-pointer file:rounded-md file:border file:border-solid file:border-edge file:bg-card file:px-3 file:text-text hover:file:bg-sunken"
            />
          </div>
          <TextArea
            label="Or paste its lines"
            value={text}
            rows={6}
            spellCheck={false}
            placeholder={example}
            className="font-mono text-sm"
            onChange={(event) => setText(event.target.value)}
          />
          {error && <Notice look="bad" role="alert" title={error.message} />}
          <div>
            <Button type="submit" look="primary" busy={busy} disabled={text.trim() === ''}>
              {busy ? 'Importing' : 'Import tokens'}
            </Button>
          </div>
          {outcome && <Outcome {...outcome} />}
        </form>
      </Card>
    </Section>
  )
}

export const LegacyTokensPage = () => {
  const [q, setQ] = useAddress('q')
  const list = useList<LegacyToken>(['legacy-tokens'], '/legacy-tokens', { q, limit: 25 })
  return (
    <Page
      title="Legacy tokens"
      lead="Tokens that were made elsewhere and are still accepted, so that their callers can change in their own time."
    >
      <Import />
      <Section title="Imported tokens">
        <Search label="Search legacy tokens" value={q} onSearch={setQ} />
        <ListTable
          caption="Imported tokens"
          list={list}
          keyOf={({ id }) => id}
          columns={[
            {
              name: 'Name',
              cell: ({ name, hint }) => (
                <>
                  <p className="font-medium wrap-anywhere">{name}</p>
                  <code className="text-sm text-quiet">{hint}</code>
                </>
              ),
            },
            { name: 'Owner', cell: ({ user_name }) => user_name },
            { name: 'Organization', cell: ({ organization_name }) => organization_name ?? 'All of its owner’s' },
            { name: 'Last used', cell: ({ last_used_at }) => <Time at={last_used_at} /> },
            {
              name: 'Successor',
              cell: ({ successor }) =>
                successor ? <Badge look="good">{successor.name}</Badge> : <Badge>none yet</Badge>,
            },
          ]}
          empty={
            <Empty title={q === '' ? 'No legacy token yet' : 'Nothing found'} level={3}>
              <p>
                {q === ''
                  ? 'Import those of the system that this server takes the place of. Their owners then see who still uses them, and make new tokens.'
                  : `No legacy token has “${q}” in its name.`}
              </p>
            </Empty>
          }
        />
      </Section>
    </Page>
  )
}
