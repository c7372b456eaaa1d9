// GET and POST /setup: what one-time links open. Mounted at the root of the issuer's host.
import type { BlockList } from 'node:net'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { FastifyReply } from 'fastify'
import { Refusal } from '../errors.ts'
import { clientAddress } from '../http/client-address.ts'
import { takeForms } from '../http/form.ts'
import { pageHeaders } from '../http/page.ts'
import { answerRefusals } from '../http/refused-page.ts'
import type { Store } from '../store/store.ts'
import { findLink } from './links.ts'
import type { Notices } from './notices.ts'
import { passwordMistake } from './password.ts'
import {
  goneLinkPage,
  passwordDonePage,
  passwordPage,
  refusedFormPage,
  setUpDonePage,
  setUpPage,
} from './setup/link-pages.ts'
import { type Mistakes, type Origin, setPassword, setUp, setUpMistakes } from './setup/set-up.ts'
import { type User, findUser } from './users/user.ts'

const text = Type.String({ maxLength: 1000, default: '' })
const Form = Type.Object(
  { token: text, name: text, email: text, password: text, organization: text },
  { additionalProperties: false },
)

export interface SetupDeps {
  store: Store
  notices: Pick<Notices, 'tell'>
  proxies: BlockList
  now: () => number
}

interface Page {
  status: number
  body: string
}

const send = (reply: FastifyReply, { status, body }: Page): FastifyReply =>
  reply.code(status).headers(pageHeaders()).send(body)

const gone = (): Page => ({ status: 404, body: goneLinkPage() })

type Input = { token: string; name: string; email: string; password: string; organization: string }

const postSetUp = async (store: Store, { token, ...input }: Input, origin: Origin, now: number): Promise<Page> => {
  const again = (mistakes: Mistakes): Page => ({ status: 400, body: setUpPage(token, input, mistakes) })
  const mistakes = setUpMistakes(input)
  if (mistakes) return again(mistakes)
  try {
    const made = await setUp(store, token, input, origin, now)
    return made ? { status: 200, body: setUpDonePage(made.user.id, made.organization.id) } : gone()
  } catch (error) {
    if (error instanceof Refusal && error.code === 'conflict') return again({ email: error.message })
    throw error
  }
}

const postPassword = async (
  { store, notices }: Pick<SetupDeps, 'store' | 'notices'>,
  { token, password }: Input,
  user: Pick<User, 'id' | 'email' | 'name'>,
  origin: Origin & { userAgent: string | undefined },
  now: number,
): Promise<Page> => {
  const { email, name } = user
  const mistake = passwordMistake(password, email, name)
  if (mistake !== undefined) return { status: 400, body: passwordPage(token, email, { password: mistake }) }
  if (!(await setPassword(store, token, { email, name }, password, origin, now))) return gone()
  await notices.tell(user, 'password_set', origin, now)
  return { status: 200, body: passwordDonePage(email) }
}

export const setupPages =
  ({ store, notices, proxies, now }: SetupDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    takeForms(app)
    answerRefusals(app, refusedFormPage)
    app.get('/setup', { schema: { hide: true, querystring: Type.Object({ token: text }) } }, async (request, reply) => {
      const { token } = request.query
      const link = await findLink(store.db, token, now())
      if (!link) return send(reply, gone())
      if (link.userId === null) return send(reply, { status: 200, body: setUpPage(token, undefined, {}) })
      const { email } = await findUser(store.db, link.userId)
      return send(reply, { status: 200, body: passwordPage(token, email, {}) })
    })
    app.post('/setup', { schema: { hide: true, body: Form } }, async (request, reply) => {
      const origin = {
        ip: clientAddress(request.raw, proxies),
        userAgent: request.headers['user-agent'],
        requestId: request.id,
      }
      const link = await findLink(store.db, request.body.token, now())
      if (!link) return send(reply, gone())
      if (link.userId === null) return send(reply, await postSetUp(store, request.body, origin, now()))
      const user = await findUser(store.db, link.userId)
      return send(reply, await postPassword({ store, notices }, request.body, user, origin, now()))
    })
  }
