// Where one can go from here: the entries of the side navigation, by the area that the address is in.
import { Link, useLocation, useParams } from '@tanstack/react-router'
import type { ComponentType } from 'react'
import {
  AlertIcon,
  AppsIcon,
  AuditIcon,
  BuildingIcon,
  KeyIcon,
  OverviewIcon,
  PeopleIcon,
  PersonIcon,
  RequestsIcon,
  SettingsIcon,
  ShieldIcon,
  UsageIcon,
  WebhookIcon,
} from '../kit/icons.tsx'

interface Entry {
  to: string
  label: string
  icon: ComponentType<{ className?: string }>
  /** Current at its own address alone, not below. */
  exact?: boolean
  /** Where pages of it are that do not lie below it. */
  also?: string
}

interface Group {
  title: string
  entries: readonly Entry[]
}

const ofOrganization = (id: string): readonly Group[] => {
  const base = `/organizations/${id}`
  return [
    {
      title: 'Organization',
      entries: [
        { to: base, label: 'Overview', icon: OverviewIcon, exact: true },
        { to: `${base}/usage`, label: 'Usage', icon: UsageIcon },
        { to: `${base}/requests`, label: 'Requests', icon: RequestsIcon },
        { to: `${base}/alerts`, label: 'Alerts', icon: AlertIcon },
        { to: `${base}/audit`, label: 'Audit log', icon: AuditIcon },
      ],
    },
    {
      title: 'Settings',
      entries: [
        { to: `${base}/settings`, label: 'General', icon: SettingsIcon, exact: true },
        { to: `${base}/settings/api-keys`, label: 'API Keys', icon: KeyIcon, also: `${base}/settings/clients/` },
        { to: `${base}/settings/members`, label: 'Members', icon: PeopleIcon },
        { to: `${base}/settings/webhooks`, label: 'Webhooks', icon: WebhookIcon },
      ],
    },
  ]
}

const ofAccount: readonly Group[] = [
  {
    title: 'Account',
    entries: [
      { to: '/account', label: 'Profile', icon: PersonIcon, exact: true },
      { to: '/account/security', label: 'Security', icon: ShieldIcon },
      { to: '/account/tokens', label: 'API tokens', icon: KeyIcon },
      { to: '/account/usage', label: 'Usage', icon: UsageIcon },
      { to: '/account/requests', label: 'Requests', icon: RequestsIcon },
      { to: '/account/alerts', label: 'Alerts', icon: AlertIcon },
      { to: '/account/applications', label: 'Connected applications', icon: AppsIcon },
    ],
  },
]

const ofOperator: readonly Group[] = [
  {
    title: 'Operator',
    entries: [
      { to: '/operator/users', label: 'Users', icon: PeopleIcon },
      { to: '/operator/organizations', label: 'Organizations', icon: BuildingIcon },
      { to: '/operator/signing-keys', label: 'Signing keys', icon: ShieldIcon },
      { to: '/operator/legacy-tokens', label: 'Legacy tokens', icon: KeyIcon },
      { to: '/operator/audit', label: 'Audit log', icon: AuditIcon },
      { to: '/operator/requests', label: 'Requests', icon: RequestsIcon },
    ],
  },
]

/** Empty where there is nothing beside. */
export const useNavigation = (): readonly Group[] => {
  const { organizationId } = useParams({ strict: false })
  const { pathname } = useLocation()
  if (organizationId !== undefined) return ofOrganization(organizationId)
  if (/^\/account(?:\/|$)/.test(pathname)) return ofAccount
  return /^\/operator(?:\/|$)/.test(pathname) ? ofOperator : []
}

export const Navigation = ({
  groups,
  label,
  onGo,
}: {
  groups: readonly Group[]
  label: string
  /** Told when an entry is chosen. */
  onGo?: () => void
}) => {
  const { pathname } = useLocation()
  return (
    <nav aria-label={label} className="grid gap-5">
      {groups.map(({ title, entries }) => (
        <div key={title}>
          <p className="mb-1 px-2.5 text-xs font-semibold tracking-wide text-quiet">{title}</p>
          <ul className="grid gap-0.5">
            {entries.map(({ to, label: name, icon: Icon, exact = false, also }) => (
              <li key={to}>
                <Link
                  to={to}
                  onClick={onGo}
                  aria-current={also !== undefined && pathname.startsWith(also) ? 'page' : undefined}
                  activeOptions={{ exact, includeSearch: false }}
                  className="flex min-h-8 items-center gap-2.5 rounded-md px-2.5 py-1 text-quiet no-underline hover:bg-sunken hover:text-text aria-[current=page]:bg-accent-soft aria-[current=page]:font-medium aria-[current=page]:text-accent pointer-coarse:min-h-11"
                >
                  <Icon />
                  {name}
                </Link>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  )
}
