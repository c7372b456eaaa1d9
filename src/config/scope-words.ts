// Scopes in the words that people read: an API's own from its configuration, those about a person, and `manage`.
import { type Api, identityScopes } from './apis.ts'

const manageWords = 'Manage everything that you may manage in Latchkey: organizations, members, keys and clients'

/** `api`: the one that the scope is for; undefined where the configuration does not have it any more. */
export const scopeWords = (api: Pick<Api, 'scopes'> | undefined, scope: string): string =>
  api?.scopes[scope] ?? identityScopes[scope] ?? (scope === 'manage' ? manageWords : scope)
