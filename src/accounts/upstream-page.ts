// GET /login/upstream/:name and its callback: signing in by an issuer elsewhere. What comes of it goes the way of every sign-in.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Refusal } from '../errors.ts'
import { networkOf } from '../http/client-address.ts'
import { pageHeaders } from '../http/page.ts'
import { answerRefusals } from '../http/refused-page.ts'
import { type Flow, forgetFlow, keepFlow, newFlow, readFlow } from '../http/upstream-flow.ts'
import { Throttle } from '../limits/throttle.ts'
import type { SharedMemory } from '../threads/memory.ts'
import type { MailedDeps } from './asking-page.ts'
import { malformedJoiningPage } from './joining-pages.ts'
import { identityLinkedLetter } from './letters.ts'
import { answerSignIn, leaveTrace, originOf, sessionOf } from './login/finish-page.ts'
import { readReturnTo } from './return-to.ts'
import { sessionActor } from './sessions.ts'
import { linkIdentity } from './upstream/identities.ts'
import type { Issuer, UpstreamPerson } from './upstream/issuer.ts'
import { resolvePerson } from './upstream/resolve.ts'
import { failedUpstreamPage, notLinkedPage, notSignedInPage } from './upstream/upstream-pages.ts'

const text = Type.String({ maxLength: 6000, default: '' })
const params = Type.Object({ name: Type.String({ maxLength: 40 }) })

/** Of one network: each asks the issuer something. */
const attempts = { most: 300, windowMs: 60 * 60_000 }

/** Clocks of issuers differ, and `auth_time` is told in whole seconds. */
const toleranceMs = 60_000

/**
 * When the person proved who they are (OpenID Connect Core §2, `auth_time`): whoever is merely known there, in a browser that was left open,
 * has proven nothing now. An issuer that does not say is believed that it was asked just now.
 */
const provenAt = ({ startedAt }: Flow, { authenticatedAt }: UpstreamPerson): number | undefined =>
  authenticatedAt === undefined || authenticatedAt >= startedAt - toleranceMs ? undefined : authenticatedAt

/** Whether the issuer itself said no, rather than that something went wrong. */
const isRefusal = (error: unknown): boolean =>
  error instanceof Error && 'error' in error && error.error === 'access_denied'

export interface UpstreamDeps extends MailedDeps {
  /** By name. */
  issuers: ReadonlyMap<string, Issuer>
  /** What the threads of the server have in common. */
  memory: SharedMemory
}

export const upstreamPages =
  (deps: UpstreamDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { config, store, box, mailer, issuers, memory, now } = deps
    const secure = config.issuer.startsWith('https:')
    const throttle = new Throttle({ ...attempts, memory, name: 'sign-in elsewhere' })
    answerRefusals(app, malformedJoiningPage)

    const send = (reply: FastifyReply, status: number, body: string): FastifyReply =>
      reply.code(status).headers(pageHeaders()).send(body)

    const issuerOf = (name: string): Issuer => {
      const issuer = issuers.get(name)
      if (!issuer) throw new Refusal('not_found')
      return issuer
    }

    const fail = (
      request: FastifyRequest,
      reply: FastifyReply,
      { settings: { name, label } }: Issuer,
      error: unknown,
    ): FastifyReply => {
      const refused = isRefusal(error)
      const reason = error instanceof Error ? error.message : String(error)
      if (!refused) request.log.warn({ request_id: request.id, upstream: name, reason }, 'upstream sign-in failed')
      return send(
        reply,
        refused ? 403 : 502,
        failedUpstreamPage(label, refused ? 'refused' : 'unreachable', `/login/upstream/${name}`),
      )
    }

    const Query = Type.Object({ return_to: text, prompt: text })
    app.get('/login/upstream/:name', { schema: { hide: true, params, querystring: Query } }, async (request, reply) => {
      const issuer = issuerOf(request.params.name)
      const flow = newFlow({ name: issuer.settings.name, returnTo: readReturnTo(request.query.return_to) }, now())
      try {
        const url = await issuer.authorizationUrl(flow, request.query.prompt === 'login')
        return keepFlow(box, reply, flow, secure).header('cache-control', 'no-store').redirect(url, 303)
      } catch (error) {
        return fail(request, reply, issuer, error)
      }
    })

    const link = async (
      request: FastifyRequest,
      reply: FastifyReply,
      { settings: { label } }: Issuer,
      { flow, person }: { flow: Flow; person: UpstreamPerson },
    ): Promise<FastifyReply> => {
      const session = await sessionOf(deps, request)
      if (!session || session.id !== flow.linkTo)
        return send(reply, 403, notLinkedPage(label, 'You have signed out, or signed in anew, in the meantime.'))
      try {
        const linked = await linkIdentity(store, sessionActor(session, originOf(deps, request)), person, now())
        if (linked === 'linked')
          await mailer.send(
            { to: session.email, ...identityLinkedLetter({ issuer: config.issuer, label, email: person.email }) },
            now(),
          )
        return reply.redirect('/account/security', 303)
      } catch (error) {
        if (error instanceof Refusal && error.code === 'conflict')
          return send(reply, 409, notLinkedPage(label, error.message))
        throw error
      }
    }

    const signIn = async (
      request: FastifyRequest,
      reply: FastifyReply,
      { settings }: Issuer,
      { flow, person }: { flow: Flow; person: UpstreamPerson },
    ): Promise<FastifyReply> => {
      const { label, trustsSecondFactor } = settings
      const resolved = await resolvePerson(deps, settings, person, originOf(deps, request), now())
      if (!('userId' in resolved)) {
        deps.metrics.signIn('refused')
        leaveTrace(deps, request, `upstream sign-in refused: ${resolved.kind}`)
        return send(reply, 403, notSignedInPage(label, resolved))
      }
      const { userId } = resolved
      if (resolved.kind === 'known' && resolved.linked && person.email !== undefined)
        await mailer.send(
          { to: person.email, ...identityLinkedLetter({ issuer: config.issuer, label, email: person.email }) },
          now(),
        )
      const methods = trustsSecondFactor ? (['fed', 'mfa'] as const) : (['fed'] as const)
      const proven = { userId, methods, provenAt: provenAt(flow, person) }
      if (await answerSignIn(deps, request, reply, { proven, returnTo: flow.returnTo })) return reply
      return send(reply, 403, failedUpstreamPage(label, 'suspended', `/login/upstream/${settings.name}`))
    }

    app.get('/login/upstream/:name/callback', { schema: { hide: true, params } }, async (request, reply) => {
      const issuer = issuerOf(request.params.name)
      const { name, label } = issuer.settings
      const { ip = '' } = originOf(deps, request)
      if (throttle.waitFor(networkOf(ip), now()) > 0)
        return send(reply, 429, failedUpstreamPage(label, 'throttled', '/login'))
      const flow = readFlow(box, request.raw, { name, secure }, now())
      forgetFlow(reply, secure)
      if (!flow) return send(reply, 403, failedUpstreamPage(label, 'stale', `/login/upstream/${name}`))
      let person: UpstreamPerson
      try {
        person = await issuer.person((request.raw.url ?? '').split('?')[1] ?? '', flow)
      } catch (error) {
        return fail(request, reply, issuer, error)
      }
      return flow.linkTo === undefined
        ? signIn(request, reply, issuer, { flow, person })
        : link(request, reply, issuer, { flow, person })
    })
  }
