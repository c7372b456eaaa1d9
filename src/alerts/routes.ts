// Routes of alerts: an organization's, with what it wants to be alerted of, and a person's own.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { ListOf, listFields } from '../http/list.ts'
import { Id, Nullable, Time } from '../http/schemas.ts'
import type { Store } from '../store/store.ts'
import { dismissAlert, dismissOwnAlert } from './dismiss.ts'
import { alertKindNames } from './kinds.ts'
import { listAlerts, listOwnAlerts } from './list.ts'
import { getAlertSettings, thresholdBounds, updateAlertSettings } from './settings.ts'

const AlertBody = Type.Object({
  id: Id,
  kind: Type.String({ description: 'As in `credential.expiring`.' }),
  organization_id: Nullable(Id),
  user_id: Nullable(Id),
  subject_kind: Type.String(),
  subject_id: Type.String({ description: 'What it is about.' }),
  title: Type.String({ description: 'What has happened.' }),
  advice: Type.String({ description: 'What it means, and what to do.' }),
  path: Type.String({ description: 'The page of the dashboard where that is done.' }),
  detail: Type.Record(Type.String(), Type.Unknown()),
  created_at: Time,
  dismissed_at: Nullable(Time),
})

const KindName = Type.Enum(alertKindNames, { type: 'string' })

const threshold = (name: keyof typeof thresholdBounds, description: string) => {
  const [minimum, maximum] = thresholdBounds[name]
  return Type.Integer({ minimum, maximum, description })
}

const thresholds = {
  quota_percent: threshold('quota_percent', 'Part of a month’s quota from which on to warn.'),
  expiring_days: threshold('expiring_days', 'Days before an end; once more three days before it, and when it comes.'),
  unused_days: threshold('unused_days', 'Days without use.'),
  failing_count: threshold('failing_count', 'Refused requests within one to two hours, at least.'),
  failing_percent: threshold('failing_percent', 'Their part of all requests, at least.'),
}

const SettingsBody = Type.Object({
  kinds: Type.Array(
    Type.Object({
      kind: Type.String(),
      label: Type.String(),
      optional: Type.Boolean({ description: 'Whether it may be turned off.' }),
      raised: Type.Boolean(),
      email: Type.Boolean({ description: 'Whether owners and admins get it by e-mail.' }),
    }),
  ),
  ...thresholds,
})

const SettingsChange = Type.Object(
  {
    kinds: Type.Optional(
      Type.Array(
        Type.Object(
          { kind: KindName, raised: Type.Optional(Type.Boolean()), email: Type.Optional(Type.Boolean()) },
          { additionalProperties: false },
        ),
        { maxItems: 50 },
      ),
    ),
    ...Type.Partial(Type.Object(thresholds)).properties,
  },
  { additionalProperties: false, minProperties: 1 },
)

const listQuery = Type.Object(
  {
    ...listFields,
    kind: Type.Optional(KindName),
    status: Type.Enum(['open', 'dismissed', 'all'], { type: 'string', default: 'open' }),
  },
  { additionalProperties: false },
)

const tags = ['Alerts']
const params = Type.Object({ organization_id: Id })
const settingsPath = '/organizations/:organization_id/alert-settings'

export interface AlertsDeps {
  store: Store
  now: () => number
}

export const alertsRoutes =
  ({ store, now }: AlertsDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/organizations/:organization_id/alerts',
      {
        schema: {
          operationId: 'listAlerts',
          tags,
          summary: 'List alerts of an organization',
          params,
          querystring: listQuery,
          response: { 200: ListOf(AlertBody) },
        },
      },
      (request) => listAlerts(store, request.actor, request.params.organization_id, request.query),
    )
    app.post(
      '/organizations/:organization_id/alerts/:alert_id/dismiss',
      {
        schema: {
          operationId: 'dismissAlert',
          tags,
          summary: 'Dismiss an alert of an organization',
          params: Type.Object({ organization_id: Id, alert_id: Id }),
          response: { 200: AlertBody },
        },
      },
      (request) => dismissAlert(store, request.actor, request.params, now()),
    )
    app.get(
      settingsPath,
      {
        schema: {
          operationId: 'getAlertSettings',
          tags,
          summary: 'Tell what an organization is alerted of',
          params,
          response: { 200: SettingsBody },
        },
      },
      (request) => getAlertSettings(store, request.actor, request.params.organization_id),
    )
    app.patch(
      settingsPath,
      {
        schema: {
          operationId: 'updateAlertSettings',
          tags,
          summary: 'Choose what an organization is alerted of',
          params,
          body: SettingsChange,
          response: { 200: SettingsBody },
        },
      },
      (request) => updateAlertSettings(store, request.actor, request.params.organization_id, request.body, now()),
    )
    app.get(
      '/account/alerts',
      {
        schema: {
          operationId: 'listOwnAlerts',
          tags,
          summary: 'List alerts about your own tokens',
          querystring: listQuery,
          response: { 200: ListOf(AlertBody) },
        },
      },
      (request) => listOwnAlerts(store, request.actor, request.query),
    )
    app.post(
      '/account/alerts/:alert_id/dismiss',
      {
        schema: {
          operationId: 'dismissOwnAlert',
          tags,
          summary: 'Dismiss an alert about a token of your own',
          params: Type.Object({ alert_id: Id }),
          response: { 200: AlertBody },
        },
      },
      (request) => dismissOwnAlert(store, request.actor, request.params.alert_id, now()),
    )
  }
