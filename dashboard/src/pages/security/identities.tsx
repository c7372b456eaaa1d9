// Accounts elsewhere that one signs in by: linked by going there and coming back.
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Identity } from '../../../../src/accounts/upstream/identities.ts'
import { api } from '../../api/client.ts'
import { queryClient } from '../../api/queries.ts'
import { Button } from '../../kit/button.tsx'
import { ConfirmDanger } from '../../kit/confirm-danger.tsx'
import { useAction } from '../../kit/dialog.tsx'
import { ErrorNotice } from '../../kit/notice.tsx'
import { Card, Section } from '../../kit/page.tsx'
import { Time } from '../../kit/time.tsx'
import { toast } from '../../kit/toast.tsx'

interface Identities {
  data: readonly Identity[]
  upstreams: readonly { name: string; label: string }[]
}

const key = ['account', 'identities']

export const Identities = () => {
  const { data } = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => api.get<Identities>('/account/identities', undefined, signal),
  })
  const [unlinking, setUnlinking] = useState<Identity>()
  const linking = useAction(async (upstream: string) => {
    const { url } = await api.post<{ url: string }>('/account/identities', { upstream })
    window.location.assign(url)
  })
  if (!data || (data.data.length === 0 && data.upstreams.length === 0)) return null
  return (
    <Section title="Accounts elsewhere">
      <ErrorNotice error={linking.error} />
      <Card className="grid gap-4 p-4 sm:p-5">
        {data.data.map((identity) => (
          <div key={identity.id} className="flex flex-wrap items-center gap-3">
            <p className="min-w-0 flex-1 wrap-anywhere">
              <span className="font-medium">{identity.label}</span>
              {identity.email !== null && <span className="text-quiet"> {identity.email}</span>}
              <span className="block text-sm text-quiet">
                Linked <Time at={identity.created_at} />
              </span>
            </p>
            <Button
              size="small"
              look="danger"
              aria-label={`Unlink ${identity.label}`}
              onClick={() => setUnlinking(identity)}
            >
              Unlink
            </Button>
          </div>
        ))}
        <div className="flex flex-wrap gap-2">
          {data.upstreams.map(({ name, label }) => (
            <Button key={name} busy={linking.busy} onClick={() => linking.run(name)}>
              Link {label}
            </Button>
          ))}
        </div>
      </Card>
      {unlinking && (
        <ConfirmDanger
          title={`Unlink ${unlinking.label}?`}
          action="Unlink account"
          onClose={() => setUnlinking(undefined)}
          onConfirm={async () => {
            await api.delete(`/account/identities/${unlinking.id}`)
            await queryClient.invalidateQueries({ queryKey: key })
            toast(`${unlinking.label} is unlinked.`)
          }}
        >
          <p>You sign in by it no more. Sessions that it began go on.</p>
        </ConfirmDanger>
      )}
    </Section>
  )
}
