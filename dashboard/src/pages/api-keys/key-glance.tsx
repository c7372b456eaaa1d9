// The organization's keys at a glance, for its first page: the latest of them, and the two things that people come for.
import { useState } from 'react'
import { Link } from '@tanstack/react-router'
import { useList } from '../../api/list.ts'
import { Button } from '../../kit/button.tsx'
import { Empty } from '../../kit/empty.tsx'
import { PlusIcon } from '../../kit/icons.tsx'
import { ErrorNotice } from '../../kit/notice.tsx'
import { Section } from '../../kit/page.tsx'
import { Table } from '../../kit/table.tsx'
import { CreateKeyDialog } from './create-key.tsx'
import { glanceColumns } from './key-list.tsx'
import { type ApiKey, keysKey, keysPath, useKeyRights } from './keys.ts'

export const KeyGlance = ({ organizationId }: { organizationId: string }) => {
  const rights = useKeyRights(organizationId)
  const [creating, setCreating] = useState(false)
  const list = useList<ApiKey>(keysKey(organizationId), keysPath(organizationId), { status: 'active', limit: 10 })
  const create = rights.create && (
    <Button look="primary" onClick={() => setCreating(true)}>
      <PlusIcon /> Create API Key
    </Button>
  )
  return (
    <Section
      title="API keys"
      lead="The latest keys that work."
      actions={
        <>
          <Link
            to="/organizations/$organizationId/settings/api-keys"
            params={{ organizationId }}
            className="self-center"
          >
            All keys
          </Link>
          {list.rows?.length !== 0 && create}
        </>
      }
    >
      {list.error && !list.rows ? (
        <ErrorNotice error={list.error} again={list.again} />
      ) : (
        <Table
          caption="API keys"
          columns={glanceColumns(rights)}
          rows={list.rows}
          keyOf={({ id }) => id}
          empty={
            <Empty title="No API keys yet" level={3} actions={create || undefined}>
              A key lets a program call the APIs for this organization. Make one, and try it with the command that comes
              with it.
            </Empty>
          }
        />
      )}
      {creating && <CreateKeyDialog organizationId={organizationId} onClose={() => setCreating(false)} />}
    </Section>
  )
}
