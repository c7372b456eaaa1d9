// Routes of the accounts elsewhere that a person signs in by.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Config } from '../../config/config.ts'
import { Refusal } from '../../errors.ts'
import { Deleted, Id, Nullable, Time } from '../../http/schemas.ts'
import { keepFlow, newFlow } from '../../http/upstream-flow.ts'
import type { SecretBox } from '../../secret-box.ts'
import type { Store } from '../../store/store.ts'
import { placeOf } from '../account/routes.ts'
import { requireRecent, requireSession } from '../actor.ts'
import type { Notices } from '../notices.ts'
import { listIdentities, unlinkIdentity } from './identities.ts'
import type { Issuer } from './issuer.ts'

const IdentityBody = Type.Object({
  id: Id,
  upstream: Nullable(Type.String({ description: 'Its name in the configuration; null: it is not there any more.' })),
  label: Type.String(),
  issuer: Type.String(),
  email: Nullable(Type.String({ description: 'As it was there when it was linked.' })),
  created_at: Time,
})
const UpstreamBody = Type.Object({ name: Type.String(), label: Type.String() })

const tags = ['Account']

export interface IdentitiesDeps {
  store: Store
  config: Pick<Config, 'issuer' | 'signIn'>
  box: SecretBox
  issuers: ReadonlyMap<string, Issuer>
  notices: Pick<Notices, 'tell'>
  now: () => number
}

export const identitiesRoutes =
  ({ store, config, box, issuers, notices, now }: IdentitiesDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/account/identities',
      {
        schema: {
          operationId: 'listOwnIdentities',
          tags,
          summary: 'List the accounts elsewhere that one signs in by, and the issuers that there are',
          response: { 200: Type.Object({ data: Type.Array(IdentityBody), upstreams: Type.Array(UpstreamBody) }) },
        },
      },
      async ({ actor }) => ({
        data: await listIdentities(store, config, actor),
        upstreams: config.signIn.upstream.map(({ name, label }) => ({ name, label })),
      }),
    )
    app.post(
      '/account/identities',
      {
        schema: {
          operationId: 'linkOwnIdentity',
          tags,
          summary: 'Begin to sign in by an account elsewhere',
          description: 'Answers the address of the issuer, for the browser to go to. It comes back to the account.',
          body: Type.Object({ upstream: Type.String({ maxLength: 40 }) }, { additionalProperties: false }),
          response: { 201: Type.Object({ url: Type.String() }) },
        },
      },
      async ({ actor, body, log, id }, reply) => {
        requireSession(actor)
        requireRecent(actor, now())
        const issuer = issuers.get(body.upstream)
        if (!issuer) throw new Refusal('invalid_request', 'There is no issuer of this name.')
        const flow = newFlow({ name: body.upstream, linkTo: actor.id }, now())
        const url = await issuer.authorizationUrl(flow, true).catch((error: unknown) => {
          log.warn({ request_id: id, upstream: body.upstream, reason: (error as Error).message }, 'upstream failed')
          throw new Refusal(
            'upstream_unavailable',
            `${issuer.settings.label} cannot be reached. Try again in a moment.`,
          )
        })
        keepFlow(box, reply, flow, config.issuer.startsWith('https:'))
        return reply.code(201).header('cache-control', 'no-store').send({ url })
      },
    )
    app.delete(
      '/account/identities/:identity_id',
      {
        schema: {
          operationId: 'unlinkOwnIdentity',
          tags,
          summary: 'Sign in by an account elsewhere no more',
          params: Type.Object({ identity_id: Id }),
          response: { 200: Deleted },
        },
      },
      async (request) => {
        const { actor, params } = request
        const { issuer, ...unlinked } = await unlinkIdentity(store, actor, params.identity_id, now())
        const known = config.signIn.upstream.find((upstream) => upstream.issuer === issuer)
        await notices.tell(actor.userId ?? '', 'identity_unlinked', placeOf(request), now(), known?.label ?? issuer)
        return unlinked
      },
    )
  }
