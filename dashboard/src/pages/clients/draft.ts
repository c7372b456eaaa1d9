// A client as its forms hold it: texts and ticks, what is wrong with them, and what of them is to be sent.
import { maxRedirectUris, redirectUriMistake } from '../../../../src/clients/redirect-uri.ts'
import type { Client } from '../../../../src/clients/client.ts'

export interface Draft {
  name: string
  /** One a line. */
  redirectUris: string
  postLogoutRedirectUris: string
  grants: readonly string[]
  /** null: all. */
  apis: readonly string[] | null
  /** null: whatever its APIs offer. */
  scopes: readonly string[] | null
  pkce: 'required' | 'optional'
  dpopBound: boolean
  parRequired: boolean
  subjectType: 'public' | 'pairwise'
  uri: string
}

/** The grants that a client may have, in words. */
export const grantWords: Readonly<Record<string, readonly [name: string, meaning: string]>> = {
  client_credentials: ['Client credentials', 'It acts for itself, with its secret.'],
  authorization_code: ['Authorization code', 'People sign in and let it act for them.'],
  refresh_token: ['Refresh tokens', 'It goes on acting for them without asking again.'],
  'urn:ietf:params:oauth:grant-type:device_code': [
    'Device code',
    'People allow it on another screen: for televisions and command lines.',
  ],
  'urn:ietf:params:oauth:grant-type:token-exchange': ['Token exchange', 'It trades an API key or token for another.'],
}

/** What a client is in a word or two. */
export const kindOf = ({ public: isPublic, grants }: Pick<Client, 'public' | 'grants'>): string => {
  if (isPublic) return 'Public app'
  return grants.includes('authorization_code') ? 'Web app' : 'Machine'
}

/** The lines that hold something, each once. */
export const linesOf = (text: string): string[] => [
  ...new Set(
    text
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean),
  ),
]

/** What is wrong with a text of addresses, line by line; undefined: nothing. */
export const addressesMistake = (text: string): string | undefined => {
  const lines = text.split('\n').map((line) => line.trim())
  const mistakes = lines.flatMap((line, index) => {
    const mistake = line === '' ? undefined : redirectUriMistake(line)
    return mistake === undefined ? [] : [`Line ${index + 1} ${mistake}.`]
  })
  if (linesOf(text).length > maxRedirectUris) mistakes.push(`There may be ${maxRedirectUris} at most.`)
  return mistakes.length === 0 ? undefined : mistakes.join(' ')
}

export const draftOf = (client: Client): Draft => ({
  name: client.name,
  redirectUris: client.redirect_uris.join('\n'),
  postLogoutRedirectUris: client.post_logout_redirect_uris.join('\n'),
  grants: client.grants,
  apis: client.apis,
  scopes: client.scopes?.split(' ') ?? null,
  pkce: client.pkce,
  dpopBound: client.dpop_bound,
  parRequired: client.par_required,
  subjectType: client.subject_type,
  uri: client.uri ?? '',
})

/** What is wrong with a draft, by field. */
export const mistakesOf = (draft: Draft): Partial<Record<keyof Draft, string>> => {
  const addresses = addressesMistake(draft.redirectUris)
  const needed =
    draft.grants.includes('authorization_code') && linesOf(draft.redirectUris).length === 0
      ? 'Name at least one: people are sent back there after they have signed in.'
      : undefined
  const found = {
    name: draft.name.trim() === '' ? 'Give it a name: people see it when they are asked to allow it.' : undefined,
    redirectUris: addresses ?? needed,
    postLogoutRedirectUris: addressesMistake(draft.postLogoutRedirectUris),
    grants: draft.grants.length === 0 ? 'Choose at least one.' : undefined,
    apis: draft.apis?.length === 0 ? 'Choose at least one, or all.' : undefined,
    scopes: draft.scopes?.length === 0 ? 'Choose at least one, or all.' : undefined,
  }
  return Object.fromEntries(Object.entries(found).filter(([, mistake]) => mistake !== undefined))
}

/** The fields of the API for a draft. */
const fieldsOf = (draft: Draft) => ({
  name: draft.name.trim(),
  redirect_uris: linesOf(draft.redirectUris),
  post_logout_redirect_uris: linesOf(draft.postLogoutRedirectUris),
  grants: draft.grants,
  apis: draft.apis,
  scopes: draft.scopes?.toSorted((a, b) => a.localeCompare(b)).join(' ') ?? null,
  pkce: draft.pkce,
  dpop_bound: draft.dpopBound,
  par_required: draft.parRequired,
  subject_type: draft.subjectType,
  uri: draft.uri.trim() === '' ? null : draft.uri.trim(),
})

const isSame = (a: unknown, b: unknown): boolean =>
  Array.isArray(a) && Array.isArray(b)
    ? a.length === b.length && a.every((entry) => b.includes(entry))
    : JSON.stringify(a) === JSON.stringify(b)

/** What of the draft is not as the client is: the body of the change. */
export const changesOf = (client: Client, draft: Draft): Record<string, unknown> => {
  const before: Record<string, unknown> = { ...fieldsOf(draftOf(client)) }
  return Object.fromEntries(Object.entries(fieldsOf(draft)).filter(([name, value]) => !isSame(value, before[name])))
}
