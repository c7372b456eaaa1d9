// /account: who one is here, and leaving for good.
import { useState } from 'react'
import type { Account } from '../../../../src/accounts/account/account.ts'
import { api } from '../../api/client.ts'
import { queryClient } from '../../api/queries.ts'
import { Badge } from '../../kit/badge.tsx'
import { Button } from '../../kit/button.tsx'
import { ConfirmDanger } from '../../kit/confirm-danger.tsx'
import { CopyButton } from '../../kit/copy-button.tsx'
import { TextField } from '../../kit/field.tsx'
import { Card, Facts, Page, Section } from '../../kit/page.tsx'
import { SaveForm } from '../../kit/save-form.tsx'
import { Time } from '../../kit/time.tsx'
import { toast } from '../../kit/toast.tsx'
import { Address } from './address.tsx'
import { accountKey, useAccount } from './queries.ts'

const Rename = ({ account }: { account: Account }) => {
  const [name, setName] = useState(account.name)
  const save = async (): Promise<void> => {
    const changed = await api.patch<Account>('/account', { name })
    queryClient.setQueryData(accountKey, changed)
    await queryClient.invalidateQueries({ queryKey: ['me'] })
    setName(changed.name)
    toast('Name saved.')
  }
  return (
    <SaveForm submit="Save name" ready={name.trim() !== '' && name !== account.name} onSave={save}>
      <TextField
        label="Name"
        value={name}
        autoComplete="name"
        required
        maxLength={200}
        hint="Whoever shares an organization with you sees it."
        onChange={(event) => setName(event.target.value)}
      />
    </SaveForm>
  )
}

const DeleteAccount = ({ account }: { account: Account }) => {
  const [asking, setAsking] = useState(false)
  const remove = async (): Promise<void> => {
    await api.delete('/account')
    window.location.assign('/login')
    await new Promise(() => {})
  }
  return (
    <Card className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3 p-4 sm:p-5">
      <p className="min-w-0 flex-1 basis-72 text-quiet">
        With your tokens, sessions and memberships, for good. API keys that you made stay with their organizations.
      </p>
      <Button look="danger" onClick={() => setAsking(true)}>
        Delete account
      </Button>
      {asking && (
        <ConfirmDanger
          title="Delete your account?"
          action="Delete account"
          typed={account.email}
          onConfirm={remove}
          onClose={() => setAsking(false)}
        >
          <ul className="list-disc pl-5">
            <li>Your API tokens are refused from the next request on.</li>
            <li>Applications that act for you are cut off.</li>
            <li>You are signed out everywhere, and leave every organization.</li>
          </ul>
          <p>Organizations whose last owner you are must be handed over or deleted first.</p>
        </ConfirmDanger>
      )}
    </Card>
  )
}

export const ProfilePage = () => {
  const account = useAccount()
  const { id, operator, created_at } = account
  return (
    <Page title="Profile">
      <Card className="grid gap-5 p-4 sm:p-5">
        <Rename key={account.name} account={account} />
        <Facts
          facts={[
            ['E-mail', <Address key="email" account={account} />],
            [
              'User id',
              <span key="id" className="flex flex-wrap items-center gap-1">
                <code className="wrap-anywhere">{id}</code>
                <CopyButton text={id} label="user id" compact />
              </span>,
            ],
            ...(operator ? [['Rights', <Badge key="rights">Operator</Badge>] as const] : []),
            ['Joined', <Time key="joined" at={created_at} form="exact" />],
          ]}
        />
      </Card>
      <Section title="Delete account">
        <DeleteAccount account={account} />
      </Section>
    </Page>
  )
}
