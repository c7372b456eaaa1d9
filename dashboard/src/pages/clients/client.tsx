// /organizations/…/settings/clients/…: one OAuth client, its secrets, settings and use.
import { useSuspenseQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { api } from '../../api/client.ts'
import { queryClient } from '../../api/queries.ts'
import { Badge } from '../../kit/badge.tsx'
import { Button } from '../../kit/button.tsx'
import { ConfirmDanger } from '../../kit/confirm-danger.tsx'
import { CopyButton } from '../../kit/copy-button.tsx'
import { Notice } from '../../kit/notice.tsx'
import { Card, Facts, Page, Section } from '../../kit/page.tsx'
import { Time } from '../../kit/time.tsx'
import { toast } from '../../kit/toast.tsx'
import { CredentialUse, WhatBreaks } from '../usage/credential-use.tsx'
import { ClientSecrets } from './client-secrets.tsx'
import { ClientSettings } from './client-settings.tsx'
import { grantWords, kindOf } from './draft.ts'
import { type Client, clientPath, clientQuery, clientsKey, useConnections, useMayManage } from './queries.ts'

const people = (count: number): string => (count === 1 ? '1 person' : `${count} people`)

const DeleteDialog = ({ client, onClose }: { client: Client; onClose: () => void }) => {
  const navigate = useNavigate()
  const { data: connected } = useConnections(client)
  const organizationId = client.organization_id ?? ''
  return (
    <ConfirmDanger
      title={`Delete ${client.name}?`}
      typed={client.name}
      action="Delete client"
      onClose={onClose}
      onConfirm={async () => {
        await api.delete(clientPath(client))
        toast('Client deleted.')
        await navigate({ to: '/organizations/$organizationId/settings/api-keys', params: { organizationId } })
        queryClient.removeQueries({ queryKey: [...clientsKey(organizationId), client.client_id] })
        void queryClient.invalidateQueries({ queryKey: clientsKey(organizationId) })
      }}
    >
      <p>
        Its secrets and all tokens that were made for it stop working at the next request. It cannot be brought back.
      </p>
      {connected !== undefined && connected.people > 0 && (
        <Notice look="warn" title={`It acts for ${people(connected.people)}.`}>
          What they have allowed it ends, and they would have to allow a new client again.
        </Notice>
      )}
      <WhatBreaks path={clientPath(client)} noun="client" />
    </ConfirmDanger>
  )
}

const keysInWords = ({ jwks, jwks_uri: address }: Client): string =>
  jwks === null ? `Keys at ${address}` : `Keys of its own (${jwks.keys.length})`

/** For those who may look but not change. */
const SettingsToRead = ({ client }: { client: Client }) => (
  <Section title="Settings">
    <Card>
      <Facts
        facts={[
          ['Grants', client.grants.map((grant) => grantWords[grant]?.[0] ?? grant).join(', ')],
          [
            'Redirect URIs',
            client.redirect_uris.length === 0 ? (
              'None'
            ) : (
              <ul key="uris">
                {client.redirect_uris.map((uri) => (
                  <li key={uri}>
                    <code className="break-all">{uri}</code>
                  </li>
                ))}
              </ul>
            ),
          ],
          ['APIs', client.apis?.join(', ') ?? 'All'],
          ['Scopes', client.scopes ?? 'All that these APIs offer'],
        ]}
      />
    </Card>
  </Section>
)

export const ClientPage = () => {
  const { organizationId = '', clientId = '' } = useParams({ strict: false })
  const { data: client } = useSuspenseQuery(clientQuery(organizationId, clientId))
  const { data: connected } = useConnections(client)
  const mayManage = useMayManage(organizationId)
  const [deleting, setDeleting] = useState(false)
  const hasKeys = client.jwks !== null || client.jwks_uri !== null
  return (
    <Page
      title={client.name}
      windowTitle={`${client.name} · OAuth client`}
      up={
        <Link to="/organizations/$organizationId/settings/api-keys" params={{ organizationId }}>
          API Keys
        </Link>
      }
      actions={
        mayManage && (
          <Button look="danger" onClick={() => setDeleting(true)}>
            Delete client
          </Button>
        )
      }
    >
      <Card>
        <Facts
          facts={[
            [
              'Client ID',
              <span key="id" className="inline-flex max-w-full flex-wrap items-center gap-x-2">
                <code className="break-all">{client.client_id}</code>
                <CopyButton compact text={client.client_id} label="client ID" />
              </span>,
            ],
            ['Kind', kindOf(client)],
            [
              'Environment',
              <Badge key="environment" look={client.environment === 'live' ? 'good' : 'warn'}>
                {client.environment}
              </Badge>,
            ],
            ...(hasKeys ? ([['Proves itself by', keysInWords(client)]] as const) : []),
            [
              'Created',
              <span key="created">
                <Time at={client.created_at} />
                {client.created_by_name !== null && ` by ${client.created_by_name}`}
              </span>,
            ],
            ['Last used', <Time key="used" at={client.last_used_at} none="Never used" />],
            ...(client.grants.includes('authorization_code') || (connected?.people ?? 0) > 0
              ? ([['Acts for', connected ? people(connected.people) : '…']] as const)
              : []),
          ]}
        />
      </Card>
      {!client.public && !hasKeys && <ClientSecrets client={client} mayManage={mayManage} />}
      {mayManage ? <ClientSettings key={client.client_id} client={client} /> : <SettingsToRead client={client} />}
      <Section title="Who uses it">
        <Card>
          <CredentialUse path={clientPath(client)} />
        </Card>
      </Section>
      {deleting && <DeleteDialog client={client} onClose={() => setDeleting(false)} />}
    </Page>
  )
}
