// draft-ietf-oauth-client-id-metadata-document-02: clients that are known by the address of a document about themselves, kept as rows for a while.
import type { Logger } from 'pino'
import type { Config } from '../config/config.ts'
import { Throttle } from '../limits/throttle.ts'
import type { SharedMemory } from '../threads/memory.ts'
import { removeIdleClients } from '../store/prune.ts'
import type { ClientRecord, Store } from '../store/store.ts'
import { parseStrictObject } from '../tokens/strict-json.ts'
import { columnsOf } from './client.ts'
import { forgetConsents } from './forget-consents.ts'
import { InvalidMetadata, readMetadata } from './metadata.ts'
import { delegatedGrants } from './register.ts'
import type { SafeFetch } from './safe-fetch.ts'
import { fetchMistake } from './strangers-address.ts'
import type { ClientSettings } from './settings.ts'

/** Octets (§8.7). */
const maxDocumentLength = 5 * 1024

/** Rows of documents. When there are as many, those go that nobody has allowed anything. */
const maxDocuments = 10_000
const makeRoomFor = 100

/** Anybody can publish documents that nobody has heard of, and each is written. What is no client costs its host no place. */
const minuteMs = 60_000
const newOfHost = 20
const newOfAll = 600

export interface DocumentDeps {
  store: Store
  config: Config
  fetcher: SafeFetch
  /** What the threads of the server have in common. */
  memory: SharedMemory
  log: Logger
  /** Unix milliseconds. */
  now: () => number
}

interface Described {
  name: string
  settings: ClientSettings
  freshMs: number
}

/** Whether a client_id is such an address; ids that are made here never look like one (§7.1). */
export const isDocumentAddress = (clientId: string): boolean => /^https?:/i.test(clientId)

export class DocumentClients {
  readonly #deps: DocumentDeps
  readonly #perHost: Throttle
  readonly #inAll: Throttle
  readonly #running = new Map<string, Promise<ClientRecord | undefined>>()

  constructor(deps: DocumentDeps) {
    this.#deps = deps
    const { memory } = deps
    this.#perHost = new Throttle({ most: newOfHost, windowMs: minuteMs, memory, name: 'metadata documents by host' })
    this.#inAll = new Throttle({ most: newOfAll, windowMs: minuteMs, maxKeys: 1, memory, name: 'metadata documents' })
  }

  /**
   * The client at that address, as its document says now or said while it was fresh. One whose document cannot be fetched anew is unknown
   * until it can: whoever takes a document away, or loses its address, must not be spoken for any longer.
   */
  async find(address: string): Promise<ClientRecord | undefined> {
    const { store, config, now } = this.#deps
    if (fetchMistake(config.issuer, address) !== undefined) return undefined
    const known = await store.lookups.clientById(address)
    if (known && (known.staleAt ?? 0) > now()) return known
    const running = this.#running.get(address)
    if (running) return running
    const reading = this.#read(address, known !== undefined).finally(() => this.#running.delete(address))
    this.#running.set(address, reading)
    return reading
  }

  #mayCome(host: string): boolean {
    const now = this.#deps.now()
    return this.#perHost.waitFor(host, now) === 0 && this.#inAll.waitFor('all', now) === 0
  }

  #refuse(address: string, reason: string): undefined {
    this.#deps.log.info({ client_id: address, reason }, 'client metadata document refused')
  }

  async #read(address: string, isKnown: boolean): Promise<ClientRecord | undefined> {
    const { store, config, fetcher } = this.#deps
    const fetched = await fetcher.json(address, maxDocumentLength)
    if ('failed' in fetched) return this.#refuse(address, fetched.failed)
    const described = describe(config, address, fetched.text)
    if (typeof described === 'string') return this.#refuse(address, described)
    if (!isKnown && !this.#mayCome(new URL(address).hostname)) return this.#refuse(address, 'too many new ones')
    const isKept = await this.#keep(address, { ...described, freshMs: fetched.freshMs })
    return isKept ? store.lookups.clientById(address) : this.#refuse(address, 'there is no room')
  }

  #keep(address: string, { name, settings, freshMs }: Described): Promise<boolean> {
    const { store, now } = this.#deps
    const changing = {
      name,
      public: settings.public ? 1 : 0,
      environment: settings.environment,
      ...columnsOf(settings),
      stale_at: now() + freshMs,
    }
    return store.transaction(async (trx) => {
      const known = await trx
        .selectFrom('clients')
        .select('redirect_uris')
        .where('id', '=', address)
        .where('registration', '=', 'document')
        .executeTakeFirst()
      if (known) {
        await trx.updateTable('clients').set(changing).where('id', '=', address).execute()
        const before = JSON.parse(known.redirect_uris) as string[]
        await forgetConsents(trx, address, { before, after: settings.redirectUris })
        return true
      }
      const { count } = await trx
        .selectFrom('clients')
        .select(({ fn }) => fn.countAll().as('count'))
        .where('registration', '=', 'document')
        .executeTakeFirstOrThrow()
      const isFull = Number(count) >= maxDocuments
      if (isFull && (await removeIdleClients(trx, 'document', 'stale_at', Number.MAX_SAFE_INTEGER, makeRoomFor)) === 0)
        return false
      await trx
        .insertInto('clients')
        .values({
          ...changing,
          id: address,
          organization_id: null,
          created_by: null,
          created_at: now(),
          registration: 'document',
          registration_hash: null,
        })
        .execute()
      return true
    })
  }
}

/** The client of a document; or why it is none, for the log. */
const describe = (config: Config, address: string, text: string): Omit<Described, 'freshMs'> | string => {
  const members = parseStrictObject(text)
  if (!members) return 'it is not a JSON object with distinct members'
  if (members.client_id !== address) return 'its client_id is not its address'
  if ('client_secret' in members || 'client_secret_expires_at' in members) return 'it tells a secret (§4.1)'
  const hasKeys = 'jwks' in members || 'jwks_uri' in members
  const { host, hostname } = new URL(address)
  try {
    const { name, settings } = readMetadata(config, members, {
      methods: hasKeys ? ['private_key_jwt', 'none'] : ['none', 'private_key_jwt'],
      grants: delegatedGrants,
      environment: config.environments[0] as string,
      apis: null,
      scopes: null,
      name: hostname,
    })
    // nobody may pose as another site (§8.1)
    const isOwnPage = settings.uri !== null && new URL(settings.uri).host === host
    return { name, settings: { ...settings, uri: isOwnPage ? settings.uri : null } }
  } catch (error) {
    if (error instanceof InvalidMetadata) return error.message
    throw error
  }
}
