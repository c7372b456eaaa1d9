// /organizations/…/settings: name, tier, ownership, and the end of an organization.
import { useNavigate, useParams } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { api } from '../../api/client.ts'
import { type Organization, queryClient, useMe, useOrganization } from '../../api/queries.ts'
import { Badge } from '../../kit/badge.tsx'
import { Button } from '../../kit/button.tsx'
import { ConfirmDanger } from '../../kit/confirm-danger.tsx'
import { CopyButton } from '../../kit/copy-button.tsx'
import { useAction } from '../../kit/dialog.tsx'
import { Select, TextField } from '../../kit/field.tsx'
import { ErrorNotice } from '../../kit/notice.tsx'
import { Card, Facts, Page, Section } from '../../kit/page.tsx'
import { SaveForm } from '../../kit/save-form.tsx'
import { Time } from '../../kit/time.tsx'
import { toast } from '../../kit/toast.tsx'
import { ImpactOf } from './impact.tsx'
import { TransferDialog } from './transfer.tsx'

const tiers = ['free', 'pro', 'enterprise'] as const

/** Puts what the server has answered in the place of what was known. */
const learn = async (organization: Organization): Promise<void> => {
  queryClient.setQueryData(['organizations', organization.id], organization)
  await queryClient.invalidateQueries({ queryKey: ['organizations', 'list'] })
}

const Rename = ({ organization, mayChange }: { organization: Organization; mayChange: boolean }) => {
  const [name, setName] = useState(organization.name)
  const save = async (): Promise<void> => {
    const changed = await api.patch<Organization>(`/organizations/${organization.id}`, { name })
    await learn(changed)
    setName(changed.name)
    toast('Name saved.')
  }
  const field = (
    <TextField
      label="Name"
      value={name}
      required
      maxLength={200}
      disabled={!mayChange}
      hint={mayChange ? undefined : 'Admins and owners may change it.'}
      onChange={(event) => setName(event.target.value)}
    />
  )
  if (!mayChange) return <div className="max-w-xl">{field}</div>
  return (
    <SaveForm submit="Save name" ready={name.trim() !== '' && name !== organization.name} onSave={save}>
      {field}
    </SaveForm>
  )
}

const TierChoice = ({ organization }: { organization: Organization }) => {
  const [tier, setTier] = useState<string>(organization.tier)
  const save = async (): Promise<void> => {
    await learn(await api.patch<Organization>(`/organizations/${organization.id}`, { tier }))
    toast('Tier saved.')
  }
  return (
    <SaveForm submit="Save tier" ready={tier !== organization.tier} onSave={save}>
      <Select
        label="Tier"
        value={tier}
        hint="Decides the limits. You may set it because you are an operator; it holds from the next request on."
        onChange={(event) => setTier(event.target.value)}
      >
        {tiers.map((one) => (
          <option key={one} value={one}>
            {one}
          </option>
        ))}
      </Select>
    </SaveForm>
  )
}

const Step = ({ title, children, action }: { title: string; children: ReactNode; action: ReactNode }) => (
  <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3 p-4 not-first:border-t not-first:border-line sm:px-5">
    <div className="min-w-0 flex-1 basis-72">
      <h3 className="font-medium">{title}</h3>
      <p className="text-quiet">{children}</p>
    </div>
    {action}
  </div>
)

export const SettingsPage = () => {
  const { organizationId } = useParams({ from: '/organizations/$organizationId' })
  const organization = useOrganization(organizationId)
  const me = useMe()
  const navigate = useNavigate()
  const [open, setOpen] = useState<'transfer' | 'leave' | 'suspend' | 'delete'>()
  const close = (): void => setOpen(undefined)
  const { id, name, role, tier, created_at, suspended_at } = organization
  const owns = role === 'owner' || me.operator

  const gone = async (said: string): Promise<void> => {
    await navigate({ to: '/organizations' })
    queryClient.removeQueries({ queryKey: ['organizations', id] })
    await queryClient.invalidateQueries({ queryKey: ['organizations', 'list'] })
    toast(said)
  }
  const leave = async (): Promise<void> => {
    await api.delete(`/organizations/${id}/members/${me.id}`)
    await gone(`You have left ${name}.`)
  }
  const remove = async (): Promise<void> => {
    await api.delete(`/organizations/${id}`)
    await gone(`${name} is deleted.`)
  }
  const suspend = async (suspended: boolean): Promise<void> => {
    await learn(await api.patch<Organization>(`/organizations/${id}`, { suspended }))
    toast(suspended ? `${name} is suspended.` : `${name} is resumed.`)
  }
  const resuming = useAction(() => suspend(false))

  return (
    <Page title="General" windowTitle={`General · ${name}`}>
      <Card className="grid gap-5 p-4 sm:p-5">
        <Rename key={`${id} ${name}`} organization={organization} mayChange={owns || role === 'admin'} />
        {me.operator && <TierChoice key={`${id} ${tier}`} organization={organization} />}
      </Card>
      <Card>
        <Facts
          facts={[
            [
              'Organization id',
              <span key="id" className="flex flex-wrap items-center gap-1">
                <code className="wrap-anywhere">{id}</code>
                <CopyButton text={id} label="organization id" compact />
              </span>,
            ],
            ...(me.operator
              ? []
              : [
                  [
                    'Tier',
                    <span key="tier" className="flex flex-wrap items-center gap-2">
                      <Badge>{tier}</Badge>
                      <span className="text-quiet">Set by the operators of this server.</span>
                    </span>,
                  ] as const,
                ]),
            ['Your role', <span key="role">{role ?? 'None: you see it as an operator'}</span>],
            ['Created', <Time key="created" at={created_at} form="exact" />],
          ]}
        />
      </Card>
      <Section title="Ownership and end">
        <ErrorNotice error={resuming.error} />
        <Card className="p-0">
          {owns && (
            <Step
              title="Transfer ownership"
              action={<Button onClick={() => setOpen('transfer')}>Transfer ownership</Button>}
            >
              Make another member the owner. {role === 'owner' && 'You stay as an admin.'}
            </Step>
          )}
          {role !== null && (
            <Step title="Leave" action={<Button onClick={() => setOpen('leave')}>Leave organization</Button>}>
              Your own access ends at once. Its API keys stay, those that you made too. The last owner cannot leave.
            </Step>
          )}
          {me.operator && (
            <Step
              title={suspended_at === null ? 'Suspend' : 'Resume'}
              action={
                suspended_at === null ? (
                  <Button look="danger" onClick={() => setOpen('suspend')}>
                    Suspend organization
                  </Button>
                ) : (
                  <Button busy={resuming.busy} onClick={() => resuming.run()}>
                    Resume organization
                  </Button>
                )
              }
            >
              {suspended_at === null
                ? 'Everything of it is refused until it is resumed. Nothing is lost.'
                : 'Everything of it is refused at present.'}
            </Step>
          )}
          {owns && (
            <Step
              title="Delete"
              action={
                <Button look="danger" onClick={() => setOpen('delete')}>
                  Delete organization
                </Button>
              }
            >
              With its keys, clients and members, for good. Its audit log stays.
            </Step>
          )}
        </Card>
      </Section>
      {open === 'transfer' && <TransferDialog organization={organization} onDone={learn} onClose={close} />}
      {open === 'leave' && (
        <ConfirmDanger title={`Leave ${name}?`} action="Leave organization" onConfirm={leave} onClose={close}>
          <p>
            Your tokens and connected applications reach it no more, from the next request on. To come back, somebody
            has to invite you.
          </p>
        </ConfirmDanger>
      )}
      {open === 'suspend' && (
        <ConfirmDanger
          title={`Suspend ${name}?`}
          action="Suspend organization"
          onConfirm={() => suspend(true)}
          onClose={close}
        >
          <p>Until it is resumed:</p>
          <ImpactOf organizationId={id} />
        </ConfirmDanger>
      )}
      {open === 'delete' && (
        <ConfirmDanger
          title={`Delete ${name}?`}
          typed={name}
          action="Delete organization"
          onConfirm={remove}
          onClose={close}
        >
          <p>This cannot be undone. As soon as it is deleted:</p>
          <ImpactOf organizationId={id} />
        </ConfirmDanger>
      )}
    </Page>
  )
}
