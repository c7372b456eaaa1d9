// /operator/signing-keys: what tokens are signed with, and new ones in their place.
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../../api/client.ts'
import type { Page as ListPage } from '../../api/list.ts'
import { queryClient } from '../../api/queries.ts'
import { Badge } from '../../kit/badge.tsx'
import { Button } from '../../kit/button.tsx'
import { ConfirmDanger } from '../../kit/confirm-danger.tsx'
import { Empty } from '../../kit/empty.tsx'
import { ErrorNotice } from '../../kit/notice.tsx'
import { Page } from '../../kit/page.tsx'
import { Table } from '../../kit/table.tsx'
import { Time } from '../../kit/time.tsx'
import { toast } from '../../kit/toast.tsx'

interface SigningKey {
  id: string
  algorithm: string
  api: string | null
  created_at: string
  retired_at: string | null
  expires_at: string | null
}

const queryKey = ['signing-keys']

export const SigningKeysPage = () => {
  const [rotating, setRotating] = useState(false)
  const { data, error, refetch } = useQuery({
    queryKey,
    queryFn: ({ signal }) => api.get<ListPage<SigningKey>>('/signing-keys', undefined, signal),
  })
  const rotate = async (): Promise<void> => {
    queryClient.setQueryData(queryKey, await api.post('/signing-keys/rotate', {}))
    toast('New tokens are signed with new keys.')
  }
  return (
    <Page
      title="Signing keys"
      lead="What tokens are signed with. They are changed by themselves from time to time; a key that is retired still verifies until its last token has expired."
      actions={<Button onClick={() => setRotating(true)}>Rotate keys</Button>}
    >
      {error ? (
        <ErrorNotice error={error} again={() => void refetch()} />
      ) : (
        <Table
          caption="Signing keys"
          rows={data?.data}
          keyOf={({ id }) => id}
          columns={[
            {
              name: 'Key id',
              cell: ({ id }) => <code className="text-sm wrap-anywhere">{id}</code>,
            },
            {
              name: 'State',
              cell: ({ retired_at }) =>
                retired_at === null ? <Badge look="good">signs</Badge> : <Badge>only verifies</Badge>,
            },
            { name: 'Algorithm', cell: ({ algorithm }) => algorithm },
            { name: 'For', cell: ({ api: name }) => name ?? <span className="text-quiet">every API</span> },
            { name: 'Created', cell: ({ created_at }) => <Time at={created_at} form="day" /> },
            { name: 'Ends', cell: ({ expires_at }) => <Time at={expires_at} none="Not yet" /> },
          ]}
          empty={<Empty title="No keys">Start the server once: it makes them.</Empty>}
        />
      )}
      {rotating && (
        <ConfirmDanger
          title="Rotate all signing keys?"
          action="Rotate keys"
          onConfirm={rotate}
          onClose={() => setRotating(false)}
        >
          <p>
            New keys sign from now on. Tokens that are out stay good until they expire. Verifiers that fetch this
            server’s key set learn of the new keys by themselves; an API with a shared HS256 secret needs the new one to
            be carried over by hand.
          </p>
        </ConfirmDanger>
      )}
    </Page>
  )
}
