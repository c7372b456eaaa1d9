// The browsers that one is signed in in, and signing them out from here.
import { useState } from 'react'
import type { ListedSession } from '../../../../src/accounts/account/list-sessions.ts'
import { api } from '../../api/client.ts'
import { useList } from '../../api/list.ts'
import { Badge } from '../../kit/badge.tsx'
import { Button } from '../../kit/button.tsx'
import { ConfirmDanger } from '../../kit/confirm-danger.tsx'
import { useAction } from '../../kit/dialog.tsx'
import { ErrorNotice } from '../../kit/notice.tsx'
import { Section } from '../../kit/page.tsx'
import { ListTable } from '../../kit/table.tsx'
import { Time } from '../../kit/time.tsx'
import { toast } from '../../kit/toast.tsx'
import { accountKey, learnAccount } from './queries.ts'

const words: Record<string, string> = {
  pwd: 'password',
  otp: 'authenticator app',
  recovery: 'recovery code',
  hwk: 'passkey',
  swk: 'passkey',
  fed: 'account elsewhere',
}

/** As in "Password and authenticator app". */
const inWords = (methods: readonly string[]): string => {
  const named = methods.flatMap((method) => words[method] ?? [])
  const text = named.join(' and ')
  return text.charAt(0).toUpperCase() + text.slice(1)
}

const SignOut = ({ session }: { session: ListedSession }) => {
  const { busy, error, run } = useAction(async () => {
    await api.delete(`/account/sessions/${session.id}`)
    await learnAccount()
    toast(`${session.device} is signed out.`)
  })
  return (
    <>
      <Button size="small" busy={busy} aria-label={`Sign out ${session.device}`} onClick={() => run()}>
        Sign out
      </Button>
      <ErrorNotice error={error} />
    </>
  )
}

export const Sessions = () => {
  const list = useList<ListedSession>([...accountKey, 'sessions'], '/account/sessions', { limit: 20 })
  const [asking, setAsking] = useState(false)
  const endOthers = async (): Promise<void> => {
    const { ended_sessions: ended } = await api.delete<{ ended_sessions: number }>('/account/sessions')
    await learnAccount()
    toast(ended === 1 ? 'One other browser is signed out.' : `${ended} other browsers are signed out.`)
  }
  const hasOthers = (list.rows?.length ?? 0) > 1 || list.next !== undefined
  return (
    <Section
      title="Sessions"
      lead="Where you are signed in. What you sign out is out at its next request."
      actions={
        hasOthers && (
          <Button look="danger" onClick={() => setAsking(true)}>
            Sign out all others
          </Button>
        )
      }
    >
      <ListTable
        list={list}
        caption="Sessions"
        keyOf={({ id }) => id}
        empty={null}
        columns={[
          {
            name: 'Browser',
            cell: ({ device, current, methods }) => (
              <>
                <span className="flex flex-wrap items-center gap-2">
                  <span className="font-medium">{device}</span>
                  {current && <Badge look="good">This browser</Badge>}
                </span>
                <span className="text-sm text-quiet">{inWords(methods)}</span>
              </>
            ),
          },
          { name: 'Network', cell: ({ ip }) => <code className="text-sm">{ip ?? 'unknown'}</code> },
          { name: 'Signed in', cell: ({ created_at }) => <Time at={created_at} /> },
          {
            name: 'Last active',
            cell: ({ current, last_active_at }) => (current ? 'Now' : <Time at={last_active_at} />),
          },
          {
            name: 'Actions',
            quiet: true,
            right: true,
            cell: (session) => (session.current ? null : <SignOut session={session} />),
          },
        ]}
      />
      {asking && (
        <ConfirmDanger
          title="Sign out all other browsers?"
          action="Sign out all others"
          onConfirm={endOthers}
          onClose={() => setAsking(false)}
        >
          <p>Every browser but this one is signed out. Tokens, keys and connected applications go on working.</p>
        </ConfirmDanger>
      )}
    </Section>
  )
}
