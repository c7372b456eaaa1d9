// What people are alerted of: each kind with its words and with where it leads. Nothing else asks for a kind's name.

/** Facts of one alert, as they were when it was raised: plain values, never a secret. */
export type Detail = Readonly<Record<string, string | number | readonly string[] | null>>

interface Subject {
  organizationId: string | null
  subjectKind: string
  subjectId: string
  detail: Detail
}

export interface AlertKind {
  /** What it is called where kinds are chosen. */
  label: string
  /** Nobody may turn it off. */
  always?: true
  /** One line: what has happened. */
  title: (subject: Subject) => string
  /** What it means, and what to do next. */
  advice: (subject: Subject) => string
  /** The page where that is done, under the dashboard's origin. */
  path: (subject: Subject) => string
}

const text = (detail: Detail, name: string): string => String(detail[name] ?? '')

const grouped = (value: Detail[string] | undefined): string => Number(value ?? 0).toLocaleString('en-US')

/** `2027-01-31 18:00 UTC` of an RFC 3339 time. */
const time = (detail: Detail, name: string): string => `${text(detail, name).slice(0, 16).replace('T', ' ')} UTC`

const nouns: Readonly<Record<string, string>> = {
  api_key: 'API key',
  personal_access_token: 'API token',
  legacy_token: 'Legacy token',
  client: 'OAuth client',
  client_secret: 'Secret of OAuth client',
  refresh_token: 'Refresh token of',
}

const what = ({ subjectKind, detail }: Subject): string =>
  `${nouns[subjectKind] ?? subjectKind} “${text(detail, 'name')}”`

const ofOrganization = ({ organizationId }: Subject, path: string): string => `/organizations/${organizationId}${path}`

/** Where the credential is managed: an organization's keys and clients there, people's tokens under their account. */
const credentialPath = (subject: Subject): string =>
  subject.organizationId === null ? '/account/tokens' : ofOrganization(subject, '/settings/api-keys')

const inDays = (days: number): string => (days === 1 ? 'in 1 day' : `in ${days} days`)

export const alertKinds = {
  'quota.warning': {
    label: 'A month’s quota is nearly used up',
    title: ({ detail }) => `${text(detail, 'percent')} % of the month’s quota of ${text(detail, 'api')} is used`,
    advice: ({ detail }) =>
      `${grouped(detail.used)} of ${grouped(detail.limit)} requests (${text(detail, 'environment')}) are used; the quota begins anew at ${time(detail, 'reset')}. When it is used up, requests are refused with 429. See which keys use it most, or ask your operator for a higher tier.`,
    path: (subject) => ofOrganization(subject, '/usage'),
  },
  'quota.exhausted': {
    label: 'A month’s quota is used up',
    title: ({ detail }) => `The month’s quota of ${text(detail, 'api')} is used up`,
    advice: ({ detail }) =>
      `All ${grouped(detail.limit)} requests (${text(detail, 'environment')}) are used. Requests are refused with 429 until ${time(detail, 'reset')}. Ask your operator for a higher tier.`,
    path: (subject) => ofOrganization(subject, '/usage'),
  },
  'credential.expiring': {
    label: 'A key, token or client secret is about to expire',
    title: (subject) => {
      const days = Number(subject.detail.days_left)
      return `${what(subject)} ${days > 0 ? `expires ${inDays(days)}` : 'has expired'}`
    },
    advice: (subject) =>
      Number(subject.detail.days_left) > 0
        ? `It ends at ${time(subject.detail, 'expires_at')}. Make another and replace it everywhere it is used before then: whatever still uses it is refused afterwards.`
        : `It ended at ${time(subject.detail, 'expires_at')}, and whatever still uses it is refused. Make another where it is needed.`,
    path: credentialPath,
  },
  'credential.unused': {
    label: 'A key or token has not been used for long',
    title: (subject) => `${what(subject)} has not been used for ${text(subject.detail, 'days')} days`,
    advice: ({ detail }) =>
      `${detail.last_used_at === null ? 'It was never used' : `It was last used at ${time(detail, 'last_used_at')}`}. A credential that nobody needs can only be stolen: revoke it, or keep it if it is for a rare purpose.`,
    path: credentialPath,
  },
  'credential.new_network': {
    label: 'A key or token is used from a new network',
    title: (subject) => `${what(subject)} is used from a new network, ${text(subject.detail, 'network')}`,
    advice: ({ detail }) =>
      `It was first seen there at ${time(detail, 'first_at')}. If that is your own new server or place of work, there is nothing to do. If nobody of you uses it there, rotate the credential now and revoke the old one at once.`,
    path: credentialPath,
  },
  'credential.leaked': {
    label: 'A credential was found in public',
    always: true,
    title: (subject) => `${what(subject)} was found where others can read it`,
    advice: ({ detail }) =>
      `It was reported by ${text(detail, 'reported_by')}${detail.url === null ? '' : `, found at ${text(detail, 'url')}`}. ${
        detail.done === 'revoked'
          ? 'It has been revoked, and whatever used it is refused now: make another where it is needed. Removing it from where it was found is not enough.'
          : detail.done === 'ended'
            ? 'It had ended before. Make sure that whatever else stood beside it is safe.'
            : 'It still works. Make another, replace it everywhere it is used, and revoke this one: removing it from where it was found is not enough.'
      }`,
    path: credentialPath,
  },
  'requests.failing': {
    label: 'Many requests are refused',
    title: ({ detail }) => `${grouped(detail.denied)} requests were refused within two hours`,
    advice: ({ detail }) =>
      `That is ${text(detail, 'percent')} % of all requests since ${time(detail, 'since')}; mostly ${(detail.codes as readonly string[]).join(', ')}. A client may be broken, or somebody may be trying a credential that has ended. The requests tell which.`,
    path: (subject) => ofOrganization(subject, '/requests'),
  },
  'legacy_token.in_use': {
    label: 'A legacy token is still in use',
    title: (subject) => `${what(subject)} is still in use`,
    advice: ({ detail }) =>
      `It was last used at ${time(detail, 'last_used_at')}. Legacy tokens will stop working: see who uses it, make an API token in its place, and delete it when it has fallen silent.`,
    path: () => '/account/tokens',
  },
  'webhook.disabled': {
    label: 'A webhook was turned off',
    always: true,
    title: ({ detail }) => `The webhook to ${text(detail, 'host')} was turned off`,
    advice: ({ detail }) =>
      detail.why === 'gone'
        ? 'Its receiver answered 410 Gone, which says that it wants no more messages. Turn the webhook on again once the receiver is back, or delete it.'
        : 'Nothing could be delivered to it for five days. Repair the receiver, turn the webhook on again and redeliver what it has missed.',
    path: (subject) => ofOrganization(subject, '/settings/webhooks'),
  },
} as const satisfies Readonly<Record<string, AlertKind>>

export type AlertKindName = keyof typeof alertKinds

export const alertKindNames = Object.keys(alertKinds) as AlertKindName[]

export const kindOf = (name: string): AlertKind | undefined =>
  Object.hasOwn(alertKinds, name) ? alertKinds[name as AlertKindName] : undefined

/** May be turned off by an organization. */
export const isOptional = (name: AlertKindName): boolean => kindOf(name)?.always !== true
