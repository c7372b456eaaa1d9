// Every management route of people and organizations.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Config } from '../config/config.ts'
import type { Mailer } from '../mail/mailer.ts'
import { type AccountDeps, accountRoutes } from './account/routes.ts'
import { addressRoutes } from './address/routes.ts'
import { applicationsRoutes } from './applications/routes.ts'
import { factorsRoutes } from './factors/routes.ts'
import { invitationsRoutes } from './invitations/routes.ts'
import { membersRoutes } from './members/routes.ts'
import { type OrganizationsDeps, organizationsRoutes } from './organizations/routes.ts'
import { signOutRoutes } from './sign-out-routes.ts'
import type { Issuer } from './upstream/issuer.ts'
import { identitiesRoutes } from './upstream/routes.ts'
import { usersRoutes } from './users/routes.ts'

export interface AccountsDeps extends OrganizationsDeps, AccountDeps {
  config: Pick<Config, 'issuer' | 'apis' | 'management' | 'environments' | 'signIn'>
  mailer: Mailer
  /** That people sign in by, by name. */
  issuers: ReadonlyMap<string, Issuer>
}

/** Paths are relative to /api/v1. */
export const accountsRoutes =
  (deps: AccountsDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    await app.register(accountRoutes(deps))
    await app.register(factorsRoutes(deps))
    await app.register(usersRoutes(deps))
    await app.register(organizationsRoutes(deps))
    await app.register(membersRoutes(deps))
    await app.register(invitationsRoutes(deps))
    await app.register(addressRoutes(deps))
    await app.register(identitiesRoutes(deps))
    await app.register(applicationsRoutes(deps))
    await app.register(signOutRoutes(deps))
  }
