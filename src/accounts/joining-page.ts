// Every page by which people come to an account, get back into it, and show that an address is theirs.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { AfterAnswer } from '../http/after-answer.ts'
import { addressPages } from './address-page.ts'
import { MailRequests } from './asking-page.ts'
import { invitationPages } from './invitation-page.ts'
import { resetPages } from './reset-page.ts'
import { signUpPages } from './sign-up-page.ts'
import { type UpstreamDeps, upstreamPages } from './upstream-page.ts'

export type JoiningDeps = Omit<UpstreamDeps, 'requests'> & { afterAnswer: AfterAnswer }

export const joiningPages =
  ({ afterAnswer, ...rest }: JoiningDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    // one count for all of them
    const deps = { ...rest, requests: new MailRequests({ ...rest, afterAnswer }) }
    for (const pages of [signUpPages, resetPages, invitationPages, addressPages, upstreamPages])
      await app.register(pages(deps))
  }
