// Actions and kinds of the audit trail as people say them.

const special: Readonly<Record<string, string>> = {
  api_key: 'API key',
  personal_access_token: 'API token',
  client: 'OAuth client',
  user: 'User',
  totp: 'Authenticator',
}

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1)

/** `API key` */
export const kindInWords = (kind: string): string => special[kind] ?? capital(kind.replaceAll('_', ' '))

/** `API key revoked` */
export const actionInWords = (action: string): string => {
  const [kind = '', ...verb] = action.split('.')
  return `${kindInWords(kind)} ${verb.join(' ').replaceAll('_', ' ')}`
}

/** Kinds of actions to choose from; the first of each is what the API is asked for. */
export const actionKinds: readonly (readonly [filter: string, label: string])[] = [
  ['api_key.*', 'API keys'],
  ['client.*', 'OAuth clients'],
  ['personal_access_token.*', 'API tokens'],
  ['legacy_token.*', 'Legacy tokens'],
  ['grant.*', 'Connected applications'],
  ['member.*', 'Members'],
  ['invitation.*', 'Invitations'],
  ['organization.*', 'Organization'],
  ['webhook.*', 'Webhooks'],
  ['alert*', 'Alerts'],
  ['audit.*', 'Exports of this log'],
]

/** Those that belong to no organization. */
export const operatorActionKinds: readonly (readonly [filter: string, label: string])[] = [
  ['user.*', 'Users'],
  ['session.*', 'Sign-ins'],
  ['signing_key.*', 'Signing keys'],
]
