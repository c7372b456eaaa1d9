// GET and POST /device (RFC 8628 §3.3): where a person who is signed in enters a user code and decides.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Session } from '../../accounts/sessions.ts'
import { clientAddress, networkOf } from '../../http/client-address.ts'
import { takeForms } from '../../http/form.ts'
import { formToken, isFormToken } from '../../http/form-token.ts'
import { isFromOwnPage } from '../../http/own-page.ts'
import { pageHeaders } from '../../http/page.ts'
import { answerRefusals } from '../../http/refused-page.ts'
import { signedIn } from '../../http/signed-in.ts'
import { Throttle } from '../../limits/throttle.ts'
import type { SharedMemory } from '../../threads/memory.ts'
import { choicesOf, chosenReach, isForApi, mayAllow } from '../authorize/next-step.ts'
import type { OAuthDeps } from '../grant.ts'
import { allowDevice, denyDevice, waitingDevice } from './decision.ts'
import { lifetimeSeconds } from './device-codes.ts'
import { readUserCode, userCodeHash, writeUserCode } from './user-code.ts'
import { allowedPage, codePage, deniedPage, devicePage, overPage, tooManyPage } from './verification-pages.ts'

const path = '/device'

const text = Type.String({ maxLength: 1000, default: '' })
const Query = Type.Object({ user_code: text })
const Form = Type.Object(
  { user_code: text, form_token: text, decision: text, organization: Type.Optional(text) },
  { additionalProperties: false },
)

/** Codes that may be looked up while one is good (§5.1): by a person, from a network, and in all, of a server. */
const windowMs = lifetimeSeconds * 1000
const throttles = (memory: SharedMemory) => ({
  person: new Throttle({ most: 20, windowMs, memory, name: 'user codes by person' }),
  network: new Throttle({ most: 60, windowMs, memory, name: 'user codes by network' }),
  all: new Throttle({ most: 1_000, windowMs, maxKeys: 1, memory, name: 'user codes' }),
})

export const verificationRoutes =
  (deps: OAuthDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { store, box, config, lastUse, memory, proxies, now } = deps
    const secure = config.issuer.startsWith('https:')
    const { person, network, all } = throttles(memory)

    const page = (reply: FastifyReply, status: number, body: string): FastifyReply =>
      reply.code(status).headers(pageHeaders()).send(body)

    const sessionOf = (request: FastifyRequest): Promise<Session | undefined> =>
      signedIn({ store, lastUse, secure }, request, now())

    /** Milliseconds to wait before another code may be tried; 0: none. Each try counts, found or not. */
    const waitFor = ({ raw }: FastifyRequest, { userId }: Session): number =>
      person.waitFor(userId, now()) ||
      network.waitFor(networkOf(clientAddress(raw, proxies)), now()) ||
      all.waitFor('', now())

    const purposeOf = (userCode: string): string => `${path} ${userCodeHash(box, userCode)}`

    /** `anew`: whoever is signed in. */
    const toSignIn = (reply: FastifyReply, userCode: string | undefined, anew = false): FastifyReply => {
      const back = userCode === undefined ? path : `${path}?user_code=${writeUserCode(userCode)}`
      const query = new URLSearchParams({ return_to: back, ...(anew && { prompt: 'login' }) })
      return reply.header('cache-control', 'no-store').redirect(`/login?${query.toString()}`, 303)
    }

    takeForms(app)
    answerRefusals(app, overPage)

    app.get(path, { schema: { hide: true, querystring: Query } }, async (request, reply) => {
      const typed = request.query.user_code
      const userCode = readUserCode(typed)
      const session = await sessionOf(request)
      if (!session) return toSignIn(reply, userCode)
      const { email, userId } = session
      if (typed === '') return page(reply, 200, codePage(email))
      if (userCode === undefined)
        return page(
          reply,
          400,
          codePage(email, typed.slice(0, 64), 'This is not a code: it has eight letters, and no vowels.'),
        )
      const waitMs = waitFor(request, session)
      if (waitMs > 0) {
        reply.header('retry-after', Math.ceil(waitMs / 1000))
        return page(reply, 429, tooManyPage(Math.ceil(waitMs / 60_000)))
      }
      const device = await waitingDevice(deps, userCode)
      if (!device) {
        const mistake =
          'No device waits with this code. Check it, or let your device show a new one: a code lasts ten minutes.'
        return page(reply, 404, codePage(email, writeUserCode(userCode), mistake))
      }
      // proven again, they come back to this very page
      if (!mayAllow(device, session.authenticatedAt, now())) return toSignIn(reply, userCode, true)
      return page(
        reply,
        200,
        devicePage({
          device,
          userCode: writeUserCode(userCode),
          age: Math.floor((now() - device.code.created_at) / 60_000),
          choices: isForApi(device) ? await choicesOf(store, userId) : [],
          session,
          formToken: formToken(box, session.id, purposeOf(userCode), now()),
        }),
      )
    })

    app.post(path, { schema: { hide: true, body: Form } }, async (request, reply) => {
      const { user_code, form_token, decision, organization } = request.body
      const session = await sessionOf(request)
      const userCode = readUserCode(user_code)
      // only the page of this very code has such a token: nothing can be tried here
      if (
        !session ||
        userCode === undefined ||
        !isFromOwnPage(request.raw) ||
        !isFormToken(box, session.id, purposeOf(userCode), form_token, now())
      )
        return page(reply, 400, overPage())
      const device = await waitingDevice(deps, userCode)
      if (!device) return page(reply, 400, overPage())
      const { name } = device.client
      if (decision !== 'allow')
        return (await denyDevice(deps, device)) ? page(reply, 200, deniedPage(name)) : page(reply, 400, overPage())
      if (!mayAllow(device, session.authenticatedAt, now())) return toSignIn(reply, userCode, true)
      const reach = await chosenReach(store, device, session.userId, organization)
      if (reach === 'none') return page(reply, 400, overPage())
      const origin = { ip: clientAddress(request.raw, proxies), requestId: request.id }
      return (await allowDevice(deps, userCode, device, { session, reach, origin }))
        ? page(reply, 200, allowedPage(name))
        : page(reply, 400, overPage())
    })
  }
