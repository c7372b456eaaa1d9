// /organizations/…/alerts: what needs somebody's eye.
import { useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { useMe, useOrganization } from '../../api/queries.ts'
import { Button, ButtonLink } from '../../kit/button.tsx'
import { Page } from '../../kit/page.tsx'
import { AlertList } from './alert-list.tsx'
import { AlertSettingsDialog } from './alert-settings.tsx'

export const AlertsPage = () => {
  const { organizationId } = useParams({ from: '/organizations/$organizationId/alerts' })
  const { role } = useOrganization(organizationId)
  const { operator } = useMe()
  const [choosing, setChoosing] = useState(false)
  const manages = operator || role === 'owner' || role === 'admin'
  return (
    <Page
      title="Alerts"
      lead="What somebody should see to, newest first. Whoever has done so dismisses it for everybody."
      actions={
        manages && (
          <>
            <ButtonLink to="/organizations/$organizationId/settings/webhooks" params={{ organizationId }}>
              Webhooks
            </ButtonLink>
            <Button onClick={() => setChoosing(true)}>Alert settings</Button>
          </>
        )
      }
    >
      <AlertList path={`/organizations/${organizationId}/alerts`} mayDismiss={manages} />
      {choosing && <AlertSettingsDialog organizationId={organizationId} onClose={() => setChoosing(false)} />}
    </Page>
  )
}
