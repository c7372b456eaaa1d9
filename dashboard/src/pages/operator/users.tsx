// /operator/users: everybody who has an account here.
import { useState } from 'react'
import type { User } from '../../../../src/accounts/users/user.ts'
import { useAddress } from '../../api/address.ts'
import { api } from '../../api/client.ts'
import { useList } from '../../api/list.ts'
import { queryClient, useMe } from '../../api/queries.ts'
import { Badge } from '../../kit/badge.tsx'
import { Button } from '../../kit/button.tsx'
import { ConfirmDanger } from '../../kit/confirm-danger.tsx'
import { FormDialog } from '../../kit/dialog.tsx'
import { Empty } from '../../kit/empty.tsx'
import { Checkbox, TextField } from '../../kit/field.tsx'
import { MoreIcon, PlusIcon } from '../../kit/icons.tsx'
import { MenuButton, Popover } from '../../kit/menu.tsx'
import { Page } from '../../kit/page.tsx'
import { Search } from '../../kit/search.tsx'
import { SecretDialog } from '../../kit/secret.tsx'
import { ListTable } from '../../kit/table.tsx'
import { Time } from '../../kit/time.tsx'
import { toast } from '../../kit/toast.tsx'

const changed = (): Promise<void> => queryClient.invalidateQueries({ queryKey: ['users'] })

interface Link {
  user: Pick<User, 'id' | 'name'>
  url: string
}

const makeLink = async (user: Pick<User, 'id' | 'name'>): Promise<Link> => ({
  user,
  url: (await api.post<{ url: string }>(`/users/${user.id}/link`)).url,
})

const CreateUser = ({ onMade, onClose }: { onMade: (link: Link) => void; onClose: () => void }) => {
  const create = async (form: FormData): Promise<void> => {
    const user = await api.post<User>('/users', {
      name: form.get('name'),
      email: form.get('email'),
      operator: form.get('operator') === 'on',
    })
    await changed()
    onMade(await makeLink(user))
  }
  return (
    <FormDialog title="Create a user" submit="Create user" onSubmit={create} onClose={onClose}>
      <p>Afterwards you get a link to send them: with it they set their password.</p>
      <TextField label="Name" name="name" required maxLength={200} autoFocus />
      <TextField label="E-mail" name="email" type="email" required maxLength={254} />
      <Checkbox name="operator" label="Operator" hint="May do everything on this server, in every organization." />
    </FormDialog>
  )
}

type Step = { what: 'suspend' | 'delete' | 'appoint' | 'dismiss' | 'link' | 'reset'; user: User }

const Actions = ({ user, self, choose }: { user: User; self: boolean; choose: (step: Step) => void }) => (
  <Popover
    side="right"
    label={`Actions for ${user.name}`}
    className="ml-auto grid size-8 place-items-center rounded-md text-quiet hover:bg-sunken hover:text-text pointer-coarse:size-11"
    button={<MoreIcon />}
  >
    {(close) => {
      const entry = (what: Step['what'], label: string, danger = false) => (
        <MenuButton
          danger={danger}
          onClick={() => {
            close()
            choose({ what, user })
          }}
        >
          {label}
        </MenuButton>
      )
      return (
        <>
          {entry('link', 'Make a set-up link')}
          {!self && entry('reset', 'Reset second factors')}
          {user.operator ? entry('dismiss', 'Take operator rights away') : entry('appoint', 'Make operator')}
          {!self && entry('suspend', user.suspended_at === null ? 'Suspend' : 'Resume', user.suspended_at === null)}
          {!self && entry('delete', 'Delete', true)}
        </>
      )
    }}
  </Popover>
)

const Confirm = ({
  step: { what, user },
  onLink,
  onClose,
}: {
  step: Step
  onLink: (link: Link) => void
  onClose: () => void
}) => {
  const { id, name, email, suspended_at } = user
  const update = async (fields: object, said: string): Promise<void> => {
    await api.patch(`/users/${id}`, fields)
    await changed()
    toast(said)
  }
  switch (what) {
    case 'link':
      return (
        <FormDialog
          title={`Make a set-up link for ${name}?`}
          submit="Make link"
          onSubmit={async () => onLink(await makeLink(user))}
          onClose={onClose}
        >
          <p>
            Whoever opens it sets the password of {email}. It works once, for 24 hours; one made before works no more.
          </p>
        </FormDialog>
      )
    case 'reset':
      return (
        <ConfirmDanger
          title={`Reset the second factors of ${name}?`}
          action="Reset second factors"
          onConfirm={async () => {
            await api.delete(`/users/${id}/factors`)
            toast(`${name} signs in with their password alone.`)
          }}
          onClose={onClose}
        >
          <p>
            For somebody who has lost their phone, passkeys and recovery codes: all of these are removed, and they are
            signed out everywhere. Their password stays. Be sure that it is they who ask; a message tells them.
          </p>
        </ConfirmDanger>
      )
    case 'suspend':
      return suspended_at === null ? (
        <ConfirmDanger
          title={`Suspend ${name}?`}
          action="Suspend user"
          onConfirm={() => update({ suspended: true }, `${name} is suspended.`)}
          onClose={onClose}
        >
          <p>
            They are signed out everywhere, and their tokens and connected applications are refused from the next
            request on. API keys that they made belong to their organizations and stay.
          </p>
        </ConfirmDanger>
      ) : (
        <FormDialog
          title={`Resume ${name}?`}
          submit="Resume user"
          onSubmit={async () => {
            await update({ suspended: false }, `${name} is resumed.`)
            onClose()
          }}
          onClose={onClose}
        >
          <p>They can sign in again, and their tokens are accepted again.</p>
        </FormDialog>
      )
    case 'appoint':
      return (
        <ConfirmDanger
          title={`Make ${name} an operator?`}
          action="Make operator"
          onConfirm={() => update({ operator: true }, `${name} is an operator.`)}
          onClose={onClose}
        >
          <p>Operators see and change every organization, every user and the signing keys of this server.</p>
        </ConfirmDanger>
      )
    case 'dismiss':
      return (
        <ConfirmDanger
          title={`Take operator rights from ${name}?`}
          action="Take rights away"
          onConfirm={() => update({ operator: false }, `${name} is no operator any more.`)}
          onClose={onClose}
        >
          <p>They keep their account and their organizations. The last active operator stays one.</p>
        </ConfirmDanger>
      )
    case 'delete':
      return (
        <ConfirmDanger
          title={`Delete ${name}?`}
          typed={email}
          action="Delete user"
          onConfirm={async () => {
            await api.delete(`/users/${id}`)
            await changed()
            toast(`${name} is deleted.`)
          }}
          onClose={onClose}
        >
          <p>
            The account goes for good, with memberships, tokens and connected applications. API keys that they made stay
            with their organizations. Whoever is the last owner of an organization must hand it over first.
          </p>
        </ConfirmDanger>
      )
  }
}

export const UsersPage = () => {
  const me = useMe()
  const [q, setQ] = useAddress('q')
  const [creating, setCreating] = useState(false)
  const [step, setStep] = useState<Step>()
  const [link, setLink] = useState<Link>()
  const list = useList<User>(['users'], '/users', { q, limit: 25 })
  const showLink = (made: Link): void => {
    setCreating(false)
    setStep(undefined)
    setLink(made)
  }
  return (
    <Page
      title="Users"
      lead="Everybody who has an account on this server."
      actions={
        <Button look="primary" onClick={() => setCreating(true)}>
          <PlusIcon /> Create user
        </Button>
      }
    >
      <div className="grid gap-3">
        <Search label="Search by name or e-mail" value={q} onSearch={setQ} />
        <ListTable
          caption="Users"
          list={list}
          keyOf={({ id }) => id}
          columns={[
            {
              name: 'Name',
              cell: ({ id, name, email, operator, suspended_at }) => (
                <>
                  <p className="flex flex-wrap items-center gap-1.5">
                    <span className="font-medium wrap-anywhere">{name}</span>
                    {id === me.id && <Badge>you</Badge>}
                    {operator && <Badge look="accent">operator</Badge>}
                    {suspended_at !== null && <Badge look="bad">suspended</Badge>}
                  </p>
                  <p className="text-sm wrap-anywhere text-quiet">{email}</p>
                </>
              ),
            },
            { name: 'Created', cell: ({ created_at }) => <Time at={created_at} form="day" /> },
            {
              name: 'Actions',
              quiet: true,
              right: true,
              cell: (user) => <Actions user={user} self={user.id === me.id} choose={setStep} />,
            },
          ]}
          empty={
            <Empty title="Nobody found">
              <p>Nobody has “{q}” in their name or e-mail address.</p>
            </Empty>
          }
        />
      </div>
      {creating && <CreateUser onMade={showLink} onClose={() => setCreating(false)} />}
      {step && <Confirm step={step} onLink={showLink} onClose={() => setStep(undefined)} />}
      {link && (
        <SecretDialog
          title={`Set-up link for ${link.user.name}`}
          secret={link.url}
          label="link"
          onClose={() => setLink(undefined)}
        >
          <p>Send it to them by a way that only they read. It works once, for 24 hours.</p>
        </SecretDialog>
      )}
    </Page>
  )
}
