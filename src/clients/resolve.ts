// What a client_id stands for, wherever one is named: every OAuth endpoint asks here and nowhere else.
import type { MaybePromise } from '../store/maybe-promise.ts'
import type { ClientRecord, Store } from '../store/store.ts'
import { type DocumentClients, isDocumentAddress } from './documents.ts'

export interface ResolveDeps {
  store: Store
  /** undefined: clients are not known by documents here. */
  documents: DocumentClients | undefined
  /** Unix milliseconds. */
  now: () => number
}

/** So that tokens can name it (tokens/claims.ts). */
const maxClientIdLength = 500

/** The client, as of now; undefined: there is none. */
export const resolveClient = (
  { store, documents }: ResolveDeps,
  clientId: string,
): MaybePromise<ClientRecord | undefined> => {
  if (clientId.length > maxClientIdLength) return undefined
  return isDocumentAddress(clientId) ? documents?.find(clientId) : store.lookups.clientById(clientId)
}
