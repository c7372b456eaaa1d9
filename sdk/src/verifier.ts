// One verifier for a program: how it comes to know what a credential is worth is chosen once, where it is made.
import { Cache, type CacheOptions } from './cached/cached.ts'
import { Revocations } from './cached/revocations.ts'
import { Connection, type ConnectionOptions } from './connection.ts'
import { type ApiDescription, Descriptions } from './description.ts'
import { type LocalOptions, LocalVerifier } from './local/local.ts'
import type { MaybePromise } from './maybe-promise.ts'
import { type VerifyOptions, questionOf } from './question.ts'
import { Asker, type BatchOptions } from './remote/asker.ts'
import type { Verdict } from './verdict.ts'

interface AskingOptions extends ConnectionOptions {
  /** The API that requests are for. Default: the default API of Latchkey's configuration. */
  readonly api?: string
  /** Asks about several credentials in one request. Default false. */
  readonly batch?: BatchOptions | boolean
}

/** Asks Latchkey about every request. */
export interface RemoteOptions extends AskingOptions {
  readonly mode?: 'remote'
}

/** Keeps answers for a stated time, and drops them when it hears that they do not hold any more. */
export interface CachedOptions extends AskingOptions, CacheOptions {
  readonly mode: 'cached'
  /** Whether to listen for revocations. Default true; false where nothing may stay open, as in some edge runtimes. */
  readonly stream?: boolean
}

export type VerifierOptions = RemoteOptions | CachedOptions | LocalOptions

export interface Verifier {
  readonly mode: 'remote' | 'cached' | 'local'
  /**
   * What the credential is worth for this request. Never rejects over the credential or the connection: both are outcomes. Rejects with the
   * reason of `signal`, and with TypeError or RangeError for options that cannot be meant.
   */
  verify(credential: string, options?: VerifyOptions): Promise<Verdict>
  /** The same, at once, where it need not be asked for; undefined: it must be. What it costs is spent. */
  verifyNow(credential: string, options?: VerifyOptions): Verdict | undefined
  /** How the API answers; at once where that is known. undefined: Latchkey cannot say, or is not asked (offline). */
  describe(): MaybePromise<ApiDescription | undefined>
  /** Stops listening and forgets what it keeps. A program with a cached verifier ends only after that. */
  close(): void
}

const remoteVerifier = ({ api, batch, ...options }: RemoteOptions): Verifier => {
  const connection = new Connection(options)
  const asker = new Asker(connection, api, batch)
  const descriptions = new Descriptions(connection, api)
  return {
    mode: 'remote',
    async verify(credential, options) {
      const question = questionOf(credential, options)
      return 'outcome' in question ? question : asker.ask(question, options?.signal)
    },
    verifyNow: () => undefined,
    describe: () => descriptions.get(),
    close() {},
  }
}

const cachedVerifier = ({ api, batch, stream = true, ...options }: CachedOptions): Verifier => {
  const connection = new Connection(options)
  const descriptions = new Descriptions(connection, api)
  const cache = new Cache(new Asker(connection, api, batch), options)
  const revocations = new Revocations(connection, cache)
  let open = true
  return {
    mode: 'cached',
    async verify(credential, options) {
      // at the first request, not before: some runtimes allow nothing earlier
      if (stream && open) revocations.start()
      return cache.now(credential, options) ?? cache.ask(credential, options)
    },
    verifyNow: (credential, options) => cache.now(credential, options),
    describe: () => descriptions.get(),
    close() {
      open = false
      revocations.stop()
      cache.clear()
    },
  }
}

const localVerifier = (options: LocalOptions): Verifier => {
  const local = new LocalVerifier(options)
  return {
    mode: 'local',
    verify: (credential, options) => local.verify(credential, options),
    verifyNow: (credential, options) => local.now(credential, options),
    describe: () => options.otherwise?.describe(),
    close: () => options.otherwise?.close(),
  }
}

/** Throws TypeError or RangeError for options that cannot be meant; nothing is connected to before the first request. */
export const createVerifier = (options: VerifierOptions): Verifier => {
  switch (options.mode) {
    case 'cached':
      return cachedVerifier(options)
    case 'local':
      return localVerifier(options)
    case 'remote':
    case undefined:
      return remoteVerifier(options)
    default:
      throw new TypeError(`mode must be remote, cached or local.`)
  }
}
