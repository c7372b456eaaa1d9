// Every address of the dashboard. The frames come at once, each page when it is first gone to.
import {
  type RouteComponent,
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router'
import { meQuery, organizationQuery, queryClient } from './api/queries.ts'
import { Failed, NotFound, Pending } from './shell/fallbacks.tsx'
import { OperatorFrame } from './shell/operator-frame.tsx'
import { OrganizationFrame } from './shell/organization-frame.tsx'
import { Shell } from './shell/shell.tsx'

/** Filters and the like, as they stand in the address. Each page reads its own. */
export type PageSearch = Record<string, string | undefined>

/** Texts alone: whatever else stands in an address is no filter. */
const readSearch = (search: Record<string, unknown>): PageSearch =>
  Object.fromEntries(
    Object.entries(search).flatMap(([name, value]) =>
      typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
        ? [[name, String(value)]]
        : [],
    ),
  )

const root = createRootRoute({
  component: Shell,
  validateSearch: readSearch,
  beforeLoad: () => queryClient.ensureQueryData(meQuery).then(() => undefined),
})

const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/organizations' })
  },
})

const organizations = createRoute({
  getParentRoute: () => root,
  path: '/organizations',
  component: lazyRouteComponent(() => import('./pages/organizations/organizations.tsx'), 'OrganizationsPage'),
})

const organization = createRoute({
  getParentRoute: () => root,
  path: '/organizations/$organizationId',
  loader: ({ params }) => queryClient.ensureQueryData(organizationQuery(params.organizationId)).then(() => undefined),
  component: OrganizationFrame,
})

const account = createRoute({ getParentRoute: () => root, path: '/account' })

const operator = createRoute({ getParentRoute: () => root, path: '/operator', component: OperatorFrame })

const ofOrganization = <const Path extends string>(path: Path, component: RouteComponent) =>
  createRoute({ getParentRoute: () => organization, path, component })

const ofAccount = <const Path extends string>(path: Path, component: RouteComponent) =>
  createRoute({ getParentRoute: () => account, path, component })

const ofOperator = <const Path extends string>(path: Path, component: RouteComponent) =>
  createRoute({ getParentRoute: () => operator, path, component })

const routeTree = root.addChildren([
  home,
  organizations,
  organization.addChildren([
    ofOrganization(
      '/',
      lazyRouteComponent(() => import('./pages/organizations/overview.tsx'), 'OverviewPage'),
    ),
    ofOrganization(
      'usage',
      lazyRouteComponent(() => import('./pages/usage/usage.tsx'), 'UsagePage'),
    ),
    ofOrganization(
      'requests',
      lazyRouteComponent(() => import('./pages/usage/requests.tsx'), 'RequestsPage'),
    ),
    ofOrganization(
      'alerts',
      lazyRouteComponent(() => import('./pages/alerts/alerts.tsx'), 'AlertsPage'),
    ),
    ofOrganization(
      'audit',
      lazyRouteComponent(() => import('./pages/audit/audit.tsx'), 'AuditPage'),
    ),
    ofOrganization(
      'settings',
      lazyRouteComponent(() => import('./pages/organizations/settings.tsx'), 'SettingsPage'),
    ),
    ofOrganization(
      'settings/api-keys',
      lazyRouteComponent(() => import('./pages/api-keys/api-keys.tsx'), 'ApiKeysPage'),
    ),
    ofOrganization(
      'settings/clients/$clientId',
      lazyRouteComponent(() => import('./pages/clients/client.tsx'), 'ClientPage'),
    ),
    ofOrganization(
      'settings/members',
      lazyRouteComponent(() => import('./pages/members/members.tsx'), 'MembersPage'),
    ),
    ofOrganization(
      'settings/webhooks',
      lazyRouteComponent(() => import('./pages/webhooks/webhooks.tsx'), 'WebhooksPage'),
    ),
  ]),
  account.addChildren([
    ofAccount(
      '/',
      lazyRouteComponent(() => import('./pages/security/profile.tsx'), 'ProfilePage'),
    ),
    ofAccount(
      'security',
      lazyRouteComponent(() => import('./pages/security/security.tsx'), 'SecurityPage'),
    ),
    ofAccount(
      'tokens',
      lazyRouteComponent(() => import('./pages/tokens/tokens.tsx'), 'TokensPage'),
    ),
    ofAccount(
      'tokens/legacy/$tokenId',
      lazyRouteComponent(() => import('./pages/tokens/legacy-token.tsx'), 'LegacyTokenPage'),
    ),
    ofAccount(
      'usage',
      lazyRouteComponent(() => import('./pages/usage/own-usage.tsx'), 'OwnUsagePage'),
    ),
    ofAccount(
      'requests',
      lazyRouteComponent(() => import('./pages/usage/own-requests.tsx'), 'OwnRequestsPage'),
    ),
    ofAccount(
      'alerts',
      lazyRouteComponent(() => import('./pages/alerts/own-alerts.tsx'), 'OwnAlertsPage'),
    ),
    ofAccount(
      'applications',
      lazyRouteComponent(() => import('./pages/applications/applications.tsx'), 'ApplicationsPage'),
    ),
  ]),
  operator.addChildren([
    ofOperator(
      'users',
      lazyRouteComponent(() => import('./pages/operator/users.tsx'), 'UsersPage'),
    ),
    ofOperator(
      'organizations',
      lazyRouteComponent(() => import('./pages/operator/organizations.tsx'), 'AllOrganizationsPage'),
    ),
    ofOperator(
      'signing-keys',
      lazyRouteComponent(() => import('./pages/operator/signing-keys.tsx'), 'SigningKeysPage'),
    ),
    ofOperator(
      'legacy-tokens',
      lazyRouteComponent(() => import('./pages/operator/legacy-tokens.tsx'), 'LegacyTokensPage'),
    ),
    ofOperator(
      'audit',
      lazyRouteComponent(() => import('./pages/audit/operator-audit.tsx'), 'OperatorAuditPage'),
    ),
    ofOperator(
      'requests',
      lazyRouteComponent(() => import('./pages/usage/operator-requests.tsx'), 'OperatorRequestsPage'),
    ),
  ]),
])

export const router = createRouter({
  routeTree,
  defaultPreload: 'intent',
  defaultPendingComponent: Pending,
  defaultPendingMs: 150,
  defaultErrorComponent: Failed,
  defaultNotFoundComponent: NotFound,
  scrollRestoration: true,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
