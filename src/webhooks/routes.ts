// Routes of an organization's webhooks and of what was sent to them.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Config } from '../config/config.ts'
import { bodyOptional, noStore } from '../credentials/lifecycle-routes.ts'
import { ListOf, listFields } from '../http/list.ts'
import { Deleted, Id, Nullable, Time } from '../http/schemas.ts'
import type { SecretBox } from '../secret-box.ts'
import type { Store } from '../store/store.ts'
import { createWebhook } from './create.ts'
import { deleteWebhook } from './delete.ts'
import { getDelivery, listDeliveries, redeliver, sendTest } from './deliveries.ts'
import { eventNames } from './events.ts'
import { getWebhook, listWebhooks } from './list.ts'
import { rotateWebhookSecret } from './rotate-secret.ts'
import type { Sender } from './sender.ts'
import { updateWebhook } from './update.ts'

const EventName = Type.Enum([...eventNames], { type: 'string' })

const WebhookBody = Type.Object({
  id: Id,
  organization_id: Id,
  url: Type.String(),
  events: Nullable(Type.Array(Type.String(), { description: 'Kinds of alerts; null: all.' })),
  created_by: Nullable(Id),
  created_by_name: Nullable(Type.String()),
  created_at: Time,
  disabled_at: Nullable(Time),
  disabled_why: Nullable(
    Type.Enum(['person', 'failing', 'gone'], {
      type: 'string',
      description: 'Somebody turned it off; nothing could be delivered for five days; its receiver answered 410.',
    }),
  ),
  failing_since: Nullable(Time),
  former_secret_until: Nullable(Time),
})

/** Told once, when it is made. */
const WithSecret = Type.Object({
  ...WebhookBody.properties,
  secret: Type.String({ description: 'Signs every message; it is not shown again.' }),
})

const Url = Type.String({ minLength: 1, maxLength: 2000, description: 'https, of the public Internet, port 443.' })

const Events = Nullable(
  Type.Array(EventName, { minItems: 1, maxItems: eventNames.length, uniqueItems: true, description: 'null: all.' }),
)

const DeliveryBody = Type.Object({
  id: Id,
  webhook_id: Id,
  message_id: Type.String({ description: '`webhook-id`: the same through every attempt.' }),
  event: Type.String(),
  state: Type.Enum(['pending', 'delivered', 'failed'], { type: 'string' }),
  attempts: Type.Array(
    Type.Object({
      at: Time,
      status: Nullable(Type.Integer()),
      failure: Nullable(Type.String()),
      duration_ms: Type.Integer(),
    }),
  ),
  created_at: Time,
  delivered_at: Nullable(Time),
  next_attempt_at: Nullable(Time),
})

const DeliveryWithBody = Type.Object({
  ...DeliveryBody.properties,
  body: Type.String({ description: 'As it is sent.' }),
})

const RotateBody = Type.Object(
  {
    overlap_seconds: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 7 * 86_400,
        default: 86_400,
        description: 'How long the former secret signs too.',
      }),
    ),
  },
  { additionalProperties: false },
)

const tags = ['Webhooks']
const base = '/organizations/:organization_id/webhooks'
const params = Type.Object({ organization_id: Id })
const one = Type.Object({ organization_id: Id, webhook_id: Id })
const oneDelivery = Type.Object({ organization_id: Id, webhook_id: Id, delivery_id: Id })

export interface WebhooksDeps {
  store: Store
  config: Pick<Config, 'issuer'>
  box: SecretBox
  sender: Pick<Sender, 'kick'>
  now: () => number
}

const deliveryRoutes =
  ({ store, sender, now }: WebhooksDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      `${base}/:webhook_id/test`,
      {
        schema: {
          operationId: 'testWebhook',
          tags,
          summary: 'Send a test message to a webhook',
          params: one,
          response: { 202: DeliveryBody },
        },
      },
      async (request, reply) => {
        const delivery = await sendTest(store, request.actor, request.params, now())
        sender.kick()
        return reply.code(202).send(delivery)
      },
    )
    app.get(
      `${base}/:webhook_id/deliveries`,
      {
        schema: {
          operationId: 'listWebhookDeliveries',
          tags,
          summary: 'List what was sent to a webhook',
          params: one,
          querystring: Type.Object(listFields, { additionalProperties: false }),
          response: { 200: ListOf(DeliveryBody) },
        },
      },
      (request) => listDeliveries(store, request.actor, request.params, request.query),
    )
    app.get(
      `${base}/:webhook_id/deliveries/:delivery_id`,
      {
        schema: {
          operationId: 'getWebhookDelivery',
          tags,
          summary: 'Get a message to a webhook with its body',
          params: oneDelivery,
          response: { 200: DeliveryWithBody },
        },
      },
      (request) => getDelivery(store, request.actor, request.params),
    )
    app.post(
      `${base}/:webhook_id/deliveries/:delivery_id/redeliver`,
      {
        schema: {
          operationId: 'redeliverWebhook',
          tags,
          summary: 'Send a message to a webhook again',
          params: oneDelivery,
          response: { 202: DeliveryBody },
        },
      },
      async (request, reply) => {
        const delivery = await redeliver(store, request.actor, request.params, now())
        sender.kick()
        return reply.code(202).send(delivery)
      },
    )
  }

export const webhooksRoutes =
  (deps: WebhooksDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { store, config, box, now } = deps
    app.get(
      base,
      {
        schema: {
          operationId: 'listWebhooks',
          tags,
          summary: 'List the webhooks of an organization',
          params,
          querystring: Type.Object(listFields, { additionalProperties: false }),
          response: { 200: ListOf(WebhookBody) },
        },
      },
      (request) => listWebhooks(store, request.actor, request.params.organization_id, request.query, now()),
    )
    app.post(
      base,
      {
        schema: {
          operationId: 'createWebhook',
          tags,
          summary: 'Make a webhook; its secret is shown once',
          params,
          body: Type.Object({ url: Url, events: Type.Optional(Events) }, { additionalProperties: false }),
          response: { 201: WithSecret },
        },
      },
      async (request, reply) =>
        noStore(reply)
          .code(201)
          .send(await createWebhook(store, config, box, request.actor, { ...request.body, ...request.params }, now())),
    )
    app.get(
      `${base}/:webhook_id`,
      {
        schema: {
          operationId: 'getWebhook',
          tags,
          summary: 'Get a webhook',
          params: one,
          response: { 200: WebhookBody },
        },
      },
      (request) => getWebhook(store, request.actor, request.params, now()),
    )
    app.patch(
      `${base}/:webhook_id`,
      {
        schema: {
          operationId: 'updateWebhook',
          tags,
          summary: 'Change a webhook, or turn it on or off',
          params: one,
          body: Type.Object(
            { url: Type.Optional(Url), events: Type.Optional(Events), enabled: Type.Optional(Type.Boolean()) },
            { additionalProperties: false, minProperties: 1 },
          ),
          response: { 200: WebhookBody },
        },
      },
      (request) => updateWebhook(store, config, request.actor, request.params, request.body, now()),
    )
    app.delete(
      `${base}/:webhook_id`,
      {
        schema: {
          operationId: 'deleteWebhook',
          tags,
          summary: 'Delete a webhook with its deliveries',
          params: one,
          response: { 200: Deleted },
        },
      },
      (request) => deleteWebhook(store, request.actor, request.params, now()),
    )
    app.post(
      `${base}/:webhook_id/rotate-secret`,
      {
        preValidation: bodyOptional,
        schema: {
          operationId: 'rotateWebhookSecret',
          tags,
          summary: 'Replace the secret of a webhook; for an overlap both sign',
          params: one,
          body: RotateBody,
          response: { 201: WithSecret },
        },
      },
      async (request, reply) => {
        const { overlap_seconds = 86_400 } = request.body
        return noStore(reply)
          .code(201)
          .send(await rotateWebhookSecret(store, box, request.actor, request.params, overlap_seconds, now()))
      },
    )
    await app.register(deliveryRoutes(deps))
  }
