// Prometheus metrics. Labels are names from the configuration and the catalogue, never ids.
import { AggregatorRegistry, Counter, Registry, collectDefaultMetrics } from 'prom-client'
import type { Api } from '../config/config.ts'
import type { Observer } from '../verify/verify.ts'
import { Durations } from './durations.ts'

/** What one thread has measured, to be given to another. */
export type Measured = object[]

/** What all threads of the server have measured, this one included. */
export type Gather = () => Promise<readonly Measured[]>

export interface Metrics {
  contentType: string
  /** Of all threads together, in the text format. */
  text: () => Promise<string>
  /** Of this thread. */
  measured: () => Promise<Measured>
  observeDecision: Observer
  observeRequest: (route: string, method: string, status: number, seconds: number) => void
  storeFault: () => void
  counterFault: () => void
  signIn: (outcome: 'succeeded' | 'refused' | 'throttled') => void
}

/** What each thread measures of the whole process: not to be added up. The oldest thread has counted longest. */
const ofProcess = [
  'process_cpu_user_seconds_total',
  'process_cpu_system_seconds_total',
  'process_cpu_seconds_total',
  'process_start_time_seconds',
  'process_resident_memory_bytes',
  'process_virtual_memory_bytes',
  'process_heap_bytes',
  'process_open_fds',
  'process_max_fds',
].map((name) => `latchkey_${name}`)

/** Adds up what several threads have measured. */
export const together = (measured: readonly Measured[]): Registry =>
  AggregatorRegistry.aggregate(
    measured.map((metrics) =>
      (metrics as { name: string }[]).map((metric) =>
        ofProcess.includes(metric.name) ? { ...metric, aggregator: 'max' } : metric,
      ),
    ),
  )

/** `storeAsked`: how often the store has been asked for a credential until now. `gather`: where other threads serve too. */
export const createMetrics = (storeAsked: () => number, gather?: Gather): Metrics => {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'latchkey_' })
  // decisions since the last scrape: counting in the metric itself costs several times as much
  const judged = new Map<Api, Map<string, Map<string, number>>>()
  registry.registerMetric(
    new Counter({
      name: 'latchkey_decisions_total',
      help: 'Credentials judged, by API, kind and code.',
      labelNames: ['api', 'kind', 'code'],
      registers: [],
      collect() {
        for (const [{ name: api }, kinds] of judged)
          for (const [kind, codes] of kinds) for (const [code, count] of codes) this.inc({ api, kind, code }, count)
        judged.clear()
      },
    }),
  )
  let told = 0
  registry.registerMetric(
    new Counter({
      name: 'latchkey_credential_lookups_total',
      help: 'Questions to the store for a credential that was presented; others are answered from memory.',
      registers: [],
      collect() {
        const asked = storeAsked()
        this.inc(asked - told)
        told = asked
      },
    }),
  )
  const requests = new Durations(
    'latchkey_http_request_duration_seconds',
    'Time to answer, by route, method and status.',
  )
  registry.registerMetric(requests.metric)
  const storeFaults = new Counter({
    name: 'latchkey_store_errors_total',
    help: 'Answers that failed because the store could not be asked.',
    registers: [registry],
  })
  const counterFaults = new Counter({
    name: 'latchkey_counter_errors_total',
    help: 'Slices that could not be taken or given back.',
    registers: [registry],
  })
  const signIns = new Counter({
    name: 'latchkey_sign_ins_total',
    help: 'Attempts to sign in by password, by outcome.',
    labelNames: ['outcome'],
    registers: [registry],
  })
  return {
    contentType: registry.contentType,
    text: async () => (gather ? together(await gather()) : registry).metrics(),
    measured: () => registry.getMetricsAsJSON(),
    observeDecision(api, decision) {
      const kind = decision.principal?.kind ?? 'unknown'
      let kinds = judged.get(api)
      if (!kinds) judged.set(api, (kinds = new Map()))
      let codes = kinds.get(kind)
      if (!codes) kinds.set(kind, (codes = new Map()))
      codes.set(decision.code, (codes.get(decision.code) ?? 0) + 1)
    },
    observeRequest: (route, method, status, seconds) => requests.observe(route, method, status, seconds),
    storeFault: () => storeFaults.inc(),
    counterFault: () => counterFaults.inc(),
    signIn: (outcome) => signIns.inc({ outcome }),
  }
}
