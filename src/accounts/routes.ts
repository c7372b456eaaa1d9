// Every management route of people and organizations.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Config } from '../config/config.ts'
import type { Mailer } from '../mail/mailer.ts'
import type { SecretBox } from '../secret-box.ts'
import { applicationsRoutes } from './applications/routes.ts'
import { invitationsRoutes } from './invitations/routes.ts'
import { membersRoutes } from './members/routes.ts'
import { type OrganizationsDeps, organizationsRoutes } from './organizations/routes.ts'
import { signOutRoutes } from './sign-out-routes.ts'
import { usersRoutes } from './users/routes.ts'

export interface AccountsDeps extends OrganizationsDeps {
  config: Pick<Config, 'issuer' | 'apis' | 'management' | 'environments'>
  box: SecretBox
  mailer: Mailer
}

/** Paths are relative to /api/v1. */
export const accountsRoutes =
  (deps: AccountsDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    await app.register(usersRoutes(deps))
    await app.register(organizationsRoutes(deps))
    await app.register(membersRoutes(deps))
    await app.register(invitationsRoutes(deps))
    await app.register(applicationsRoutes(deps))
    await app.register(signOutRoutes(deps))
  }
