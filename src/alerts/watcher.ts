// Looks for what people should know, again and again: each kind a bounded look, whatever the others find or fail by.
import type { Logger } from 'pino'
import type { Store } from '../store/store.ts'
import { pruneAlerts } from './prune.ts'
import { raiseAlerts } from './raise.ts'
import { type TellDeps, tellAlerts } from './tell.ts'
import { watchExpiring } from './watch/expiring.ts'
import { watchFailures } from './watch/failures.ts'
import { watchLegacy } from './watch/legacy.ts'
import { watchNetworks } from './watch/networks.ts'
import { type QuotasDeps, watchQuotas } from './watch/quotas.ts'
import { watchUnused } from './watch/unused.ts'
import type { Watch } from './watch/watch.ts'

export interface WatcherDeps extends TellDeps, QuotasDeps {
  store: Store
  config: TellDeps['config'] & QuotasDeps['config']
  log: Logger
}

export class Watcher {
  readonly #deps: WatcherDeps
  readonly #watches: readonly Watch[]
  #running: Promise<void> | undefined

  constructor(deps: WatcherDeps) {
    const { store } = deps
    this.#deps = deps
    this.#watches = [
      watchQuotas(deps),
      watchExpiring(store),
      watchUnused(store),
      watchNetworks(store),
      watchFailures(store),
      watchLegacy(store),
    ]
  }

  /** One look at everything, and telling of what is new. A look that is still going on is not doubled. `now`: Unix milliseconds. */
  run(now: number): Promise<void> {
    this.#running ??= this.#run(now).finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #run(now: number): Promise<void> {
    const { store, log } = this.#deps
    for (const watch of this.#watches) {
      try {
        await raiseAlerts(store, await watch(now), now)
      } catch (error) {
        log.error({ err: error }, 'could not look for alerts')
      }
    }
    await tellAlerts(this.#deps, now)
    await pruneAlerts(store, now)
  }

  /** Waits for a look that is going on. */
  async close(): Promise<void> {
    await this.#running?.catch(() => undefined)
  }
}
